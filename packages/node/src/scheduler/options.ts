/** What an operator may set. None of it changes what a log says, only how much is done at once. */
export type SchedulerOptions = {
  /** File of the id index. May be deleted while the node is down: that only costs time. */
  readonly indexPath: string
  /** Largest item taken, bytes. Upstream's body limit is the same 10 MiB. */
  readonly itemBytesMax: number
  /** Items waiting for a slot or for the disk, over all processes. */
  readonly pendingMax: number
  /** Their bytes, over all processes. Below what the journal lets wait (64 MiB), so that it never refuses. */
  readonly pendingBytesMax: number
  /** Processes whose newest assignment stays in memory. */
  readonly openLogsMax: number
  /** Edges of a page when the caller names no limit, and at most. */
  readonly pageEdges: number
  readonly pageEdgesMax: number
  /** A page ends early once its records exceed this, bytes. */
  readonly pageBytes: number
  /** Newest entries kept in memory for those who follow the log, bytes. */
  readonly recentBytes: number
  /** Index rows written in one transaction, and the longest wait before they are, ms. */
  readonly indexBatchRows: number
  readonly indexDelayMs: number
  /** Index rows that may wait while the index cannot be written; then nothing new is taken. */
  readonly indexPendingMax: number
}

const mebibyte = 1024 * 1024

export const schedulerDefaults: Omit<SchedulerOptions, 'indexPath'> = {
  itemBytesMax: 10 * mebibyte,
  pendingMax: 8192,
  pendingBytesMax: 48 * mebibyte,
  openLogsMax: 10_000,
  pageEdges: 100,
  pageEdgesMax: 1000,
  pageBytes: 32 * mebibyte,
  recentBytes: 8 * mebibyte,
  indexBatchRows: 1024,
  indexDelayMs: 500,
  indexPendingMax: 65_536,
}
