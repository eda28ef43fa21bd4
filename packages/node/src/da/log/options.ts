/** How logs are certified; sizes in bytes. */
export type LogCertifierOptions = {
  /** All processes, or those whose spawn asks for it. */
  readonly isForAll: boolean
  /** How long storers keep the rows; 0 for ever. */
  readonly retentionSeconds: number
  /** A part of a log ends with the entry that brings it to so many bytes, or so many entries. */
  readonly partBytes: number
  readonly partEntries: number
  /** Parts of different processes under way at once. */
  readonly partsMax: number
  /** Whoever waits longer hears that the slot is not certified yet. */
  readonly waitMs: number
  /** Who may wait at once; more hear at once that their slot is not certified yet. */
  readonly waitersMax: number
  /** A part that failed is tried again after this, and twice as long each time up to the most. */
  readonly retryMsMin: number
  readonly retryMsMax: number
}

export const logCertifierDefaults: LogCertifierOptions = {
  isForAll: false,
  retentionSeconds: 0,
  partBytes: 2 ** 20,
  partEntries: 1024,
  partsMax: 64,
  waitMs: 10_000,
  waitersMax: 8192,
  retryMsMin: 250,
  retryMsMax: 15_000,
}
