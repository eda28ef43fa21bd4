const kibibyte = 1024

/** What statements about copies may hold. */
export const copyLimits = {
  /** A signed statement, but for a request. */
  statementBytes: 8 * kibibyte,
  /** What stands before the data of a copied item; a transaction without its data. */
  headerBytes: 64 * kibibyte,
  /** A request with such a header in it. */
  requestBytes: 72 * kibibyte,
} as const
