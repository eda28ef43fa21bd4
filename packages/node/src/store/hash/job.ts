/** A stretch of the bytes of a job. */
export type HashPart = { readonly at: number; readonly length: number }

/** Bytes with a buffer of their own: it changes threads and comes back. */
export type HashJob = {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly parts: readonly HashPart[]
  /** All the bytes are also the next of this run. */
  readonly run?: number | undefined
}

/** Asks for the SHA-384 of all the bytes of a run, which is forgotten with that. */
export type RunEnd = { readonly endedRun: number }

export type HashAnswer = {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** SHA-256 of each part. */
  readonly digests: readonly Uint8Array[]
}

/** SHA-384 of a run. */
export type RunDigest = { readonly sha384: Uint8Array }
