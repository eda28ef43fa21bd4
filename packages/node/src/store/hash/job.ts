/** A stretch of the bytes of a job. */
export type HashPart = { readonly at: number; readonly length: number }

/** Bytes with a buffer of their own: it changes threads and comes back. */
export type HashJob = {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly parts: readonly HashPart[]
}

export type HashAnswer = {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** SHA-256 of each part. */
  readonly digests: readonly Uint8Array[]
}
