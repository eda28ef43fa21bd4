import type { Term } from './terms.ts'

/** Height of what no block holds yet: above every block, so pending sorts as newest. */
export const pendingHeight = 2 ** 48

/** Place in the one order of all items: block height, then time. */
export type Place = { readonly height: number; readonly seq: number }

/** Which item of a record: the kept item or one bundled in it, an assignment, its message. */
export const part = { kept: 0, assignment: 1, message: 2 } as const
export type Part = (typeof part)[keyof typeof part]

/**
 * Where an item's bytes are. `offset` and `length` (bytes) cut a bundled item out of the kept one.
 */
export type Location = {
  readonly log: string
  readonly slot: number
  readonly part: Part
  readonly offset: number
  readonly length: number
}

export type CatalogRow = {
  readonly id: Uint8Array
  readonly timeMs: number
  /** Undefined until a block holds it. */
  readonly height: number | undefined
  readonly parent: Uint8Array | undefined
  readonly part: Part
  readonly offset: number
  readonly length: number
  readonly terms: readonly Term[]
}

/** All rows of one slot of one log. `keptId` names the record's own item in the items log. */
export type CatalogSlot = {
  readonly slot: number
  readonly keptId?: Uint8Array
  readonly rows: readonly CatalogRow[]
}

export type Found = Place & {
  readonly id: Uint8Array
  readonly parent: Uint8Array | undefined
  readonly location: Location
}

/** Room for items of one millisecond in `seq`; more of them take the next free numbers. */
export const seqPerMs = 1024

/** Columns `readFound` reads, of `item` joined with `log`. */
export const itemColumns = 'seq, item.id, name AS log, slot, part, offset, length, height, parent'

export function readFound(row: Record<string, unknown>): Found {
  return {
    seq: row.seq as number,
    height: row.height as number,
    id: row.id as Uint8Array,
    parent: (row.parent ?? undefined) as Uint8Array | undefined,
    location: {
      log: row.log as string,
      slot: row.slot as number,
      part: row.part as Part,
      offset: row.offset as number,
      length: row.length as number,
    },
  }
}
