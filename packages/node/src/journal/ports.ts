/**
 * Many ordered logs in one journal. A log is named by a key (a process id, mostly); its records have
 * gapless positions from 0, called slots. One contract for every driver (`ordered-log.contract.ts`).
 */
export type OrderedLog = {
  /**
   * Appends `records` at `expectedSlot` and on, all or none. Resolves when they are durable.
   * Rejects with `slot-taken` (kind conflict) if the log's next slot is not `expectedSlot`,
   * `epoch-stale` (denied) if a newer epoch was claimed, `record-too-large` (invalid),
   * `disk-full` or `disk-failed` (unavailable): nothing was appended then.
   * Appends to one log may be pipelined: a call sees the slots of earlier calls not yet durable.
   */
  append(
    log: string,
    expectedSlot: number,
    epoch: number,
    records: readonly Uint8Array[],
  ): Promise<void>
  /** Durable records from `fromSlot`, at most `limit`. Each is a copy of its own. */
  read(log: string, fromSlot: number, limit: number): Promise<LogRecord[]>
  /** Next free slot among durable records: 0 for an unknown log. */
  head(log: string): number
  /** Names of all logs that have a record, in order of first appearance. */
  logs(): Iterable<string>
  /** Takes the journal for a new writer: fences all lower epochs, durably. */
  claim(): Promise<number>
  close(): Promise<void>
}

export type LogRecord = { readonly slot: number; readonly epoch: number; readonly bytes: Uint8Array }
