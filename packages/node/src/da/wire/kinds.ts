/** Kinds of requests between the roles of the wide lane. A kind is never used for another thing. */
export const requestKinds = {
  putRows: 1,
  getRows: 2,
  getPieces: 3,
  getHeader: 4,
  getStatus: 5,
} as const

/** First byte of every meta part; other versions are refused. */
export const wireVersion = 1

/** What one request or reply may have; whoever carries them refuses more before it reads. */
export const wireLimits = {
  /** Fixed fields and Merkle paths. */
  metaBytesMax: 128 * 1024,
  /** Rows, pieces, fingerprints: two rows of the longest blob and its fingerprints fit. */
  bodyBytesMax: 64 * 1024 * 1024,
  /** Pieces of one row in one reply: four segments. */
  piecesMax: 64,
} as const
