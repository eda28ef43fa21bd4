import type { Term } from './terms.ts'

/** Log of the journal that holds kept items. */
export const itemsLog = 'items'
/** Name under which the catalog counts base-layer blocks. */
export const blocksLog = 'blocks'

/** Height of what no block holds yet: above every block, so pending sorts as newest. */
export const pendingHeight = 2 ** 48

/** Place in the one order of all items: block height, then time. */
export type Place = { readonly height: number; readonly seq: number }

/**
 * Which item of a record: the kept item or one cut out of its bytes, an assignment, its message, or
 * one cut out of the data of a kept transaction or large item, which is in the store mostly.
 */
export const part = { kept: 0, assignment: 1, message: 2, inData: 3 } as const
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
  /** Until when the bytes there are kept, ms; absent: for ever. */
  readonly untilMs?: number | undefined
  readonly terms: readonly Term[]
}

/** All rows of one slot of one log. `keptId` names the record's own item in the items log. */
export type CatalogSlot = {
  readonly slot: number
  readonly keptId?: Uint8Array
  /** Data of the transaction kept there, once it is all here: see `Catalog.weaveOf`. */
  readonly weaveBytes?: number
  readonly rows: readonly CatalogRow[]
}

/** What a final block says of kept items. */
export type SettledBlock = { readonly height: number; readonly ids: readonly Uint8Array[] }

/** Slots of the items log that could not be opened and indexed, and those of before that now are. */
export type PassedOver = {
  readonly unopened?: readonly number[]
  readonly opened?: readonly number[]
}

/** A transaction's data in the weave: bytes `start` + 1 to `start` + `sizeBytes`, both included. */
export type WeaveRegion = {
  readonly slot: number
  readonly start: number
  readonly sizeBytes: number
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
