/**
 * Knobs of the gateway. None of them changes what a query answers, only when and how much at once.
 */
export type GatewayOptions = {
  /** File of the index (SQLite). It may be deleted at any time the node is down; it is rebuilt. */
  readonly indexFile: string
  /** Where multi-part uploads wait for their parts, across restarts; else beside the index. */
  readonly uploadsFolder?: string
  /** Delay between something new and its indexing, ms; a query indexes at once what it must see. */
  readonly indexDelayMs: number
  /** Delay in which kept items gather into one payload for the base layer, ms. */
  readonly orderDelayMs: number
  /** Ids in one payload (32 bytes each). */
  readonly orderItems: number
  /** Pause before a refused payload is offered again, ms; doubles up to 32 times that. */
  readonly orderRetryMs: number
  /**
   * Pause before what could not be opened and indexed is tried again, ms; doubles up to 512 times that, and
   * 32 times where indexing fails as a whole.
   */
  readonly openRetryMs: number
  /** Bytes of one append to the items log; items that wait are joined up to this. */
  readonly appendBytes: number
  /** Bytes of items that may wait for the disk; beyond, uploads are refused as `items-busy`. */
  readonly waitingBytes: number
  /**
   * Bytes of uploads put together in memory at one time. Where that is full, items go to the store as they
   * come, as those do that are larger than a record.
   */
  readonly gatheredBytes: number
  /** How deep bundles within bundles are opened. */
  readonly bundleDepth: number
  /** Items opened out of one kept item, all depths together. */
  readonly bundleItems: number
  /** Patience of a mainnet `push` for its slot's result, ms; the reply then goes out without it. */
  readonly pushPatienceMs: number
  /** Patience of a mainnet read for a result, ms; then it ends with `result-pending`. */
  readonly readPatienceMs: number
  /** Items and transactions with data up to this size are one record of the journal, bytes. */
  readonly recordBytes: number
  /** Bytes of records last read that are kept in memory. */
  readonly rememberedBytes: number
  /** Largest item taken as a stream or in parts, bytes. */
  readonly uploadBytes: number
  /** Multi-part uploads open at one time. */
  readonly uploads: number
  /** A multi-part upload nobody adds to is given up after this, ms. */
  readonly uploadPatienceMs: number
  /** Price of a MiB of a layer-1 transaction's data, winston; below it a reward is refused. */
  readonly winstonPerMebibyte: number
  /** Serves `/mine` and `/mint`, for development. */
  readonly dev: boolean
  /** What the index thread runs. Tests put a failing one here. */
  readonly catalogWorkerUrl?: URL
}

export const gatewayDefaults: Omit<GatewayOptions, 'indexFile'> = {
  // Long enough for an item's block to come first: then it is written once, at its place.
  indexDelayMs: 1000,
  orderDelayMs: 100,
  orderItems: 4096,
  orderRetryMs: 250,
  openRetryMs: 1000,
  appendBytes: 4 * 1024 * 1024,
  waitingBytes: 256 * 1024 * 1024,
  gatheredBytes: 128 * 1024 * 1024,
  bundleDepth: 10,
  bundleItems: 25_000,
  pushPatienceMs: 5_000,
  readPatienceMs: 60_000,
  // A record of the journal may be 16 MiB; the rest is for what stands before the data.
  recordBytes: 15 * 1024 * 1024,
  rememberedBytes: 32 * 1024 * 1024,
  uploadBytes: 8 * 1024 * 1024 * 1024,
  uploads: 256,
  uploadPatienceMs: 60 * 60 * 1000,
  winstonPerMebibyte: 0,
  dev: false,
}
