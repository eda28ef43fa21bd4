import { assert } from '@heddle/protocol/base'
import {
  appendTooLarge,
  epochStale,
  epochUnclaimed,
  journalBusy,
  journalClosed,
  logNameInvalid,
  recordTooLarge,
  slotInvalid,
  slotTaken,
} from '../errors.ts'
import type { JournalOptions } from '../options.ts'
import type { LogRecord, OrderedLog } from '../ports.ts'
import { CommitQueue } from './commit-queue.ts'
import { encodeAppend, encodeClaim, frameBytes, frameHeadBytes } from './frame.ts'
import { LogIndex } from './log-index.ts'
import { readRecords } from './read.ts'
import type { SegmentReaders } from './readers.ts'
import type { SegmentWriter } from './writer.ts'

/** The embedded driver: segment files on one disk, their index in memory. */
export class SegmentJournal implements OrderedLog {
  readonly #logs: Map<string, LogIndex>
  readonly #writer: SegmentWriter
  readonly #readers: SegmentReaders
  readonly #options: JournalOptions
  readonly #queue: CommitQueue
  /** Newest durable claim. */
  #epoch: number
  /** Newest claim, with those that wait for the disk. */
  #nextEpoch: number
  #closing: Promise<void> | undefined

  constructor(
    logs: Map<string, LogIndex>,
    epoch: number,
    writer: SegmentWriter,
    readers: SegmentReaders,
    options: JournalOptions,
  ) {
    this.#logs = logs
    this.#epoch = epoch
    this.#nextEpoch = epoch
    this.#writer = writer
    this.#readers = readers
    this.#options = options
    this.#queue = new CommitQueue((frames) => writer.write(frames), options.groupBytes)
  }

  // Everything up to `push` runs within the call, so slots are given in the order of the calls.
  async append(
    name: string,
    expectedSlot: number,
    epoch: number,
    records: readonly Uint8Array[],
  ): Promise<void> {
    this.#checkWriter(epoch)
    if (!isSlot(expectedSlot)) throw slotInvalid(expectedSlot)
    const log = this.#logs.get(name) ?? this.#newLog(name)
    if (log.nextSlot !== expectedSlot) throw slotTaken(name, expectedSlot, log.nextSlot)
    if (records.length === 0) return
    this.#checkSize(log, records)
    this.#logs.set(name, log)
    log.nextSlot += records.length
    const frame = encodeAppend(log.nameBytes, log.seed, expectedSlot, epoch, records)
    const recordsAt = frameHeadBytes + log.nameBytes.length
    await this.#queue.push({
      frame,
      onDurable: (segment, offset) => {
        const end = log.add(frame, recordsAt, records.length, segment, offset)
        assert(end === frame.length, 'an append lands on the slots it was given')
      },
      onDropped: () => {
        log.nextSlot = log.count
        if (log.count === 0) this.#logs.delete(name)
      },
    })
  }

  async read(name: string, fromSlot: number, limit: number): Promise<LogRecord[]> {
    if (!isSlot(fromSlot)) throw slotInvalid(fromSlot)
    if (this.#closing !== undefined) throw journalClosed()
    const log = this.#logs.get(name)
    if (log === undefined || fromSlot >= log.count || !(limit > 0)) return []
    return await readRecords(log, this.#readers, fromSlot, limit, this.#options.readBytes)
  }

  head(name: string): number {
    return this.#logs.get(name)?.count ?? 0
  }

  *logs(): Iterable<string> {
    for (const log of this.#logs.values()) if (log.count > 0) yield log.name
  }

  async claim(): Promise<number> {
    if (this.#closing !== undefined) throw journalClosed()
    const epoch = this.#nextEpoch + 1
    // From here on lower epochs are refused: in the file they would stand behind the claim.
    this.#nextEpoch = epoch
    await this.#queue.push({
      frame: encodeClaim(epoch),
      onDurable: () => {
        this.#epoch = epoch
      },
      onDropped: () => {
        this.#nextEpoch = this.#epoch
      },
    })
    return epoch
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#queue.drain()
    await this.#writer.close()
    await this.#readers.close()
  }

  #checkWriter(epoch: number): void {
    if (this.#closing !== undefined) throw journalClosed()
    if (epoch < this.#nextEpoch) throw epochStale(epoch, this.#nextEpoch)
    if (epoch !== this.#nextEpoch) throw epochUnclaimed(epoch, this.#nextEpoch)
  }

  #newLog(name: string): LogIndex {
    const { nameBytes } = this.#options
    // UTF-8 is never shorter than the text: refuse before anything is made of it.
    if (name.length > nameBytes) throw logNameInvalid(name.length, nameBytes)
    const log = new LogIndex(name)
    const length = log.nameBytes.length
    if (length === 0 || length > nameBytes || !name.isWellFormed()) {
      throw logNameInvalid(length, nameBytes)
    }
    return log
  }

  #checkSize(log: LogIndex, records: readonly Uint8Array[]): void {
    const { recordBytes, appendBytes, pendingBytes } = this.#options
    for (const record of records) {
      if (record.length > recordBytes) throw recordTooLarge(record.length, recordBytes)
    }
    const bytes = frameBytes(log.nameBytes.length, records)
    // One record at the limit always fits, whatever its frame adds.
    if (records.length > 1 && bytes > appendBytes) throw appendTooLarge(bytes, appendBytes)
    const pending = this.#queue.pendingBytes
    if (pending > 0 && pending + bytes > pendingBytes) throw journalBusy(pending, pendingBytes)
  }
}

function isSlot(slot: number): boolean {
  // Slots are kept in 48 bits.
  return Number.isInteger(slot) && slot >= 0 && slot < 2 ** 48
}
