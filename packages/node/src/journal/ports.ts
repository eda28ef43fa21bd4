/**
 * Many ordered logs in one journal. A log is named by a key (a process id, mostly); its records
 * have gapless positions from 0, called slots. One contract for every driver:
 * `ordered-log.contract.ts`.
 */
export type OrderedLog = {
  /**
   * Appends `records` at `expectedSlot` and on, all or none. Resolves when they are durable.
   * Rejects with `slot-taken` (kind conflict) if the log's next slot is not `expectedSlot`,
   * `epoch-stale` (denied) if a newer epoch was claimed, `epoch-unclaimed` (invalid) if this one
   * never was, `record-too-large`, `append-too-large` or `log-name-invalid` (invalid),
   * `journal-busy` (exhausted) if too much is waiting for the disk, `disk-full` or `disk-failed`
   * (unavailable), `journal-closed` (unavailable): nothing was appended then.
   * Appends to one log may be pipelined: a call sees the slots of earlier calls not yet durable. If
   * one of those fails on the disk, the later ones fail with it.
   * Before the first claim the current epoch is 0. The records are copied before this returns.
   */
  append(
    log: string,
    expectedSlot: number,
    epoch: number,
    records: readonly Uint8Array[],
  ): Promise<void>
  /**
   * Durable records from `fromSlot`, at most `limit`. Each is a copy of its own. Fewer come where
   * they would exceed the driver's bytes for one read, but never none where there is one: a caller
   * that wants all goes on behind the last slot it got, up to `head`.
   * Rejects with `record-corrupt` (internal) where the disk gives back other bytes than it took,
   * `disk-failed` (unavailable) where it gives none, `slot-invalid` (invalid), `journal-closed`.
   */
  read(log: string, fromSlot: number, limit: number): Promise<LogRecord[]>
  /** Next free slot among durable records: 0 for an unknown log. */
  head(log: string): number
  /** Names of all logs that have a durable record, in order of first appearance. */
  logs(): Iterable<string>
  /** Takes the journal for a new writer, whose epoch it gives: fences all lower ones, durably. */
  claim(): Promise<number>
  /** Ends when all that was accepted before is durable or rejected. */
  close(): Promise<void>
}

export type LogRecord = {
  readonly slot: number
  readonly epoch: number
  readonly bytes: Uint8Array
}
