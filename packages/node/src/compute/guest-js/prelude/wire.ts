/** Shapes of the JSON-1 ABI (ao-protocol.md §5.1) that actors see. */

export type Tag = { readonly name: string; readonly value: string }

export type WireEnvironment = {
  readonly Process: { readonly Id: string; readonly Owner: string; readonly Tags: readonly Tag[] }
  readonly Module: { readonly Id: string; readonly Owner: string; readonly Tags: readonly Tag[] }
}

/** Tags by name; of repeated names the first counts, as everywhere in the protocol. */
export type TagTable = Record<string, string | undefined>

/** A table without inherited names, so that `tags.constructor` is what was sent or undefined. */
export function tagTable(tags: readonly Tag[]): TagTable {
  const table: TagTable = Object.create(null)
  for (const { name, value } of tags) if (table[name] === undefined) table[name] = value
  return table
}
