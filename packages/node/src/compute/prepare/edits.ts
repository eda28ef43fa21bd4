/** What is put at a place in a body, in the order it is put where several meet. */
export const editKind = {
  /** After a call: read the gas anew. */
  reload: 0,
  /** The value on the stack gets the canonical NaN if it is one; `value` is its shape. */
  canonical: 1,
  /** `value` gas for what follows up to the next charge. */
  charge: 2,
  /** The same, and a trap where none is left. */
  checkedCharge: 3,
  /** Before a call or trap: write the gas where others see it. */
  sync: 4,
  /** Gas for a bulk operation by the length on the stack. */
  bulk: 5,
  /** `return` becomes a branch out of the body, `value` labels up. */
  return: 6,
  /** `memory.grow` becomes a call. */
  grow: 7,
  /** Parameter `value` gets the canonical NaN if it is one. */
  parameter: 8,
} as const

export type Edit = { readonly at: number; readonly kind: number; readonly value: number }

/** Edits of one body by place. */
export class Edits {
  readonly #list: Edit[] = []

  add(at: number, kind: number, value = 0): void {
    this.#list.push({ at, kind, value })
  }

  sorted(): readonly Edit[] {
    return this.#list.sort((a, b) => a.at - b.at || a.kind - b.kind)
  }
}
