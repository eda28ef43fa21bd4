/** Limits of the routes under `/da`. */
export type DaHttpOptions = {
  /** Longest blob that is taken; it is held in memory while it is published. */
  readonly blobBytesMax: number
  /** Bytes of all bodies under way; more wait. */
  readonly uploadBytesMax: number
  /** How long a blob is kept where the request does not say. */
  readonly retentionSeconds: number
  /** A sample that takes longer is a gap. */
  readonly sampleTimeoutMs: number
}

const mebibyte = 1024 * 1024

export const daHttpDefaults: DaHttpOptions = {
  blobBytesMax: 256 * mebibyte,
  uploadBytesMax: 512 * mebibyte,
  retentionSeconds: 30 * 86_400,
  sampleTimeoutMs: 10_000,
}
