/** A hash of 32 bytes, as a port: native code in a node, portable code in a browser. */
export type BlobHash = {
  /** What commitments name the function by: see `hashIds`. */
  readonly id: number
  digest(bytes: Uint8Array): Uint8Array
}

/** Ids of the hash functions a commitment may be made with. */
export const hashIds = { sha256: 1, blake3: 2 } as const

export const digestBytes = 32

/**
 * First byte of every hash input that is not a leaf. Leaves are hashed as they are, so that a
 * storer or an encoder hashes a piece where it lies: a leaf is a multiple of 128 bytes, and no
 * tagged input is.
 */
export const hashTags = {
  rowNode: 1,
  blobNode: 2,
  key: 3,
  fingerprints: 4,
  commitment: 5,
} as const
