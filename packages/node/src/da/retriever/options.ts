/** How long a retriever is patient, and how much it asks for at once. */
export type RetrieverOptions = {
  /** A request that takes longer than three usual ones, within these, is asked of others as well. */
  readonly hedgeMsMin: number
  readonly hedgeMsMax: number
  /** A storer that has not answered after this time is given up. */
  readonly askTimeoutMs: number
  /** A storer that failed is asked last for this time. */
  readonly suspectMs: number
  /** Segments of 16 stripes fetched ahead of the reader. */
  readonly segmentsAhead: number
  /** Bytes of rows that all reads hold together. */
  readonly heldBytesMax: number
  /** A read that finds no room among the others is refused after this time. */
  readonly roomTimeoutMs: number
  /** Blobs whose header is kept open between reads. */
  readonly openBlobsMax: number
}

export const retrieverDefaults: RetrieverOptions = {
  hedgeMsMin: 200,
  hedgeMsMax: 2000,
  askTimeoutMs: 15_000,
  suspectMs: 30_000,
  segmentsAhead: 1,
  heldBytesMax: 1024 * 2 ** 20,
  roomTimeoutMs: 10_000,
  openBlobsMax: 32,
}
