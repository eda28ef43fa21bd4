/** Bytes of a chunk of data, but for the last two of a data set. */
export const chunkBytesMax = 256 * 1024
/** A remainder below this is evened out with the chunk before it. */
export const chunkBytesMin = 32 * 1024
/** A hash, and a note: a whole number, big-endian. */
export const hashBytes = 32
/** A path's step from a branch: left id, right id, note. */
export const branchBytes = 3 * hashBytes
/** A path's end: hash of the chunk, note. */
export const leafBytes = 2 * hashBytes

/** What a transaction or a chunk may hold. Counts, and sizes in bytes. */
export const transactionLimits = {
  /** All names and values together. */
  tagBytes: 2048,
  tags: 2048,
  /** Data carried within the transaction. */
  inlineBytes: 10 * 1024 * 1024,
  /** A wallet's last transaction (32) or a block (48). */
  anchorBytes: 48,
  /** RSA-4096. */
  keyBytes: 512,
  /** Winston as decimal digits; the whole supply has 20. */
  amountDigits: 26,
  pathBytes: 256 * 1024,
  /** Offsets are exact numbers up to here. */
  dataBytes: Number.MAX_SAFE_INTEGER,
} as const
