/**
 * The part of a state one checkpoint record holds. `content`, zstd: page numbers (u32, rising),
 * where each page is stored (u32: its number among all pages of the records, in order), host state,
 * where `hasBases` for each new page what it is stored as the difference from (u32: 0, or one more than the
 * place of a page before it), and the pages no earlier record has.
 */
export type PackedState = {
  readonly memoryBytes: number
  /** Pages of the state that are not zero. */
  readonly pages: number
  /** Pages in the records before this one, and pages this one adds. */
  readonly storedPages: number
  readonly newPages: number
  readonly hostStateBytes: number
  /** New pages may be differences: each the exclusive or with an earlier page. */
  readonly hasBases: boolean
  readonly content: Uint8Array
}

/** Where a record ends, and its digest: what the next one builds on. */
export type StoredAt = { readonly digest: string; readonly endAt: number }

/** A state to be stored: what is not yet in the records up to `base`. Without base it is whole. */
export type CheckpointDelta = PackedState & {
  /** Slots below it are in the state. */
  readonly nextSlot: number
  readonly stateRoot: Uint8Array
  readonly base: StoredAt | undefined
}

/** A state out of the store: the parts of all records it needs, the newest last. */
export type PackedCheckpoint = {
  readonly parts: readonly PackedState[]
  readonly stateRoot: Uint8Array
  readonly at: StoredAt
}

/** Records in one file; the next one is whole again. */
export const recordsMax = 16
export const hostStateBytesMax = 1 << 20
/** Page number and place of a page. */
export const pageEntryBytes = 8
/** Base of a new page. */
export const baseBytes = 4
