import type { CarriedError } from '../carried-error.ts'
import type { Found, PassedOver, SettledBlock, WeaveRegion } from './location.ts'
import type { RowBatch } from './row-batch.ts'
import type { Search } from './search.ts'

/** What the catalog's thread can be asked, and what it answers. */
export type CatalogCalls = {
  /** First of all. `heads`: next free slot of each log whose progress is checked. */
  open: { asked: { path: string; heads: ReadonlyMap<string, number> }; answer: Opened }
  /** Next slot to be indexed of each log. */
  progress: { asked: { logs: readonly string[] }; answer: number[] }
  write: {
    asked: { log: string; batch: RowBatch; from: number; next: number; passed?: PassedOver }
    answer: undefined
  }
  /** Slots of the items log that were passed over. */
  unopened: { asked: Record<never, never>; answer: number[] }
  settle: { asked: { log: string; blocks: readonly SettledBlock[] }; answer: undefined }
  find: { asked: { id: Uint8Array }; answer: Found | undefined }
  isKept: { asked: { id: Uint8Array }; answer: boolean }
  orderedHeight: { asked: { id: Uint8Array }; answer: number | undefined }
  /** Ids of kept items no block holds yet, oldest first. */
  unordered: { asked: Record<never, never>; answer: Uint8Array[] }
  weaveOf: { asked: { slot: number }; answer: WeaveRegion | undefined }
  weaveAt: { asked: { offset: number }; answer: WeaveRegion | undefined }
  search: { asked: { wanted: Search }; answer: Found[] }
  count: { asked: { wanted: Search }; answer: number }
  /** The last: answered when the file is closed; the thread then ends. */
  close: { asked: Record<never, never>; answer: undefined }
}

export type CallName = keyof CatalogCalls
export type Asked<Name extends CallName> = CatalogCalls[Name]['asked']
export type Answer<Name extends CallName> = CatalogCalls[Name]['answer']

export type Opened = {
  /** Bits of `KnownIds`. */
  readonly known: Uint8Array<ArrayBuffer>
}

export type Request = { readonly call: number; readonly name: CallName; readonly asked: unknown }

export type Reply =
  | { readonly call: number; readonly answer: unknown }
  | { readonly call: number; readonly error: CarriedError }
  | { readonly fault: string }
