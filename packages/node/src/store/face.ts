import type { Retention } from '@heddle/protocol/params'
import type { Route } from '../network/index.ts'

/** Names a data set: its Arweave data_root (base64url, empty for no bytes) and its size. */
export type StoredData = { readonly dataRoot: string; readonly sizeBytes: number }

/** One chunk as Arweave's nodes take it. */
export type OfferedChunk = {
  readonly dataRoot: string
  readonly dataSizeBytes: number
  /** Any byte of the data that lies in the chunk; clients name its last. */
  readonly offset: number
  readonly dataPath: Uint8Array
  readonly bytes: Uint8Array
}

/** A chunk and what proves it. */
export type ProvenBytes = {
  readonly bytes: Uint8Array
  readonly dataPath: Uint8Array
  /** Bytes of the data: `toByte` is excluded. */
  readonly fromByte: number
  readonly toByte: number
}

export type WriteOptions = {
  /** Refuses the data with `store-size-differs` where it has another size. */
  readonly sizeBytes?: number
  /** Has the SHA-384 of all the bytes taken on the way: signatures of items are over that. */
  readonly sha384?: boolean
}

export type WrittenData = StoredData & {
  /** Set where it was asked for. */
  readonly sha384?: Uint8Array
}

export type ReadOptions = {
  /**
   * Each part is the reader's only until it asks for the next: its memory is then used again, which
   * spares the collector of garbage the size of the data.
   */
  readonly reuse?: boolean
}

/** What a pass of the collector did. */
export type CollectReport = {
  /** Data sets nobody holds any more, and their bytes. */
  readonly forgotten: number
  readonly forgottenBytes: number
  readonly segmentsRemoved: number
  /** Segments that should go and stay because something promised in them is damaged. */
  readonly segmentsDamaged: number
}

/** A chunk that does not prove itself. */
export type AuditFault = StoredData & {
  readonly offset: number
  readonly code: string
  readonly message: string
}

/** What an audit found. */
export type AuditReport = {
  readonly checkedChunks: number
  readonly checkedBytes: number
  readonly faults: readonly AuditFault[]
}

/** What others keep for this node, and it for others. */
export type CopiesStatus = {
  /** Items whose copies this node answers for, and those that have fewer than promised. */
  readonly promised: number
  readonly short: number
  /** Copies kept for others, and what they count. */
  readonly kept: number
  readonly keptBytes: number
}

export type StoreStatus = {
  readonly dataSets: number
  readonly chunks: number
  /** Bytes of distinct chunks, and of the segment files. */
  readonly chunkBytes: number
  readonly diskBytes: number
  readonly segments: number
  readonly holds: number
  /** Damaged records met since the start: found at reading, audit or rebuild. */
  readonly damaged: number
  readonly copies?: CopiesStatus
}

/** The store room. Everything it resolves is durable; everything it hands out was verified. */
export type Store = {
  /**
   * Streams bytes in, in chunks of 256 KiB with Arweave's data_root; durable when it resolves. The
   * same bytes twice are one copy. Throws `store-full`, `store-size-differs`, or what the source
   * throws; what was written of it then is collected later.
   */
  write(source: AsyncIterable<Uint8Array>, options?: WriteOptions): Promise<WrittenData>
  /**
   * One chunk of an upload, in any order; verified against its path; durable when it resolves.
   * Throws `chunk-refused` (`details.fault`: the network's name for the reason), `store-full`.
   */
  keepChunk(chunk: OfferedChunk): Promise<void>
  /** How much of a data set is here. */
  held(data: StoredData): Promise<{ readonly heldBytes: number; readonly complete: boolean }>
  /**
   * Bytes `fromByte` up to, without, `toByte`, each chunk verified against the root as it is read.
   * Throws `store-range-invalid`, `store-chunk-missing`, `store-chunk-damaged`.
   */
  read(
    data: StoredData,
    fromByte: number,
    toByte: number,
    options?: ReadOptions,
  ): AsyncIterable<Uint8Array>
  /** The chunk that holds a byte, verified; undefined where it is not here. */
  chunk(data: StoredData, offset: number): Promise<ProvenBytes | undefined>
  /**
   * Promises to keep a data set for a holder (a transaction, an item: any text up to 128 bytes).
   * Durable when it resolves. A holder's newer retention replaces its older.
   */
  hold(data: StoredData, holder: string, retention: Retention): Promise<void>
  /** Takes a holder's promise back; nothing where there is none. */
  release(data: StoredData, holder: string): Promise<void>
  /** Removes what was held and is no more, and the room it took. */
  collect(): Promise<CollectReport>
  /** Recalls `count` chunks at random and checks them to their roots. */
  audit(count: number): Promise<AuditReport>
  status(): StoreStatus
  routes(): Route[]
  close(): Promise<void>
}
