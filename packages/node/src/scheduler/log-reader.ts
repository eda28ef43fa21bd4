import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Assignment, LogEntry } from '@heddle/protocol/message'
import type { OrderedLog } from '../journal/index.ts'
import { unknownMessage } from './errors.ts'
import type { Receipt } from './face.ts'
import { entryBytes, type RecentEntries } from './recent-entries.ts'
import { decodeAssignment, decodeRecord } from './record.ts'

/** Records of the first read of a page; later reads follow the size of what was seen. */
const firstChunk = 8
const chunkMax = 256

/** Reads durable slots: entries, single assignments, and slots by time. */
export class LogReader {
  readonly #journal: OrderedLog
  readonly #engine: CryptoEngine
  readonly #recent: RecentEntries
  readonly #pageBytes: number

  constructor(journal: OrderedLog, engine: CryptoEngine, recent: RecentEntries, pageBytes: number) {
    this.#journal = journal
    this.#engine = engine
    this.#recent = recent
    this.#pageBytes = pageBytes
  }

  /**
   * Entries from `fromSlot`, at most `limit`; fewer where the log ends or where they exceed the bytes
   * of a page, but never none while there is one.
   */
  async entries(processId: string, fromSlot: number, limit: number): Promise<LogEntry[]> {
    const entries: LogEntry[] = []
    const end = Math.min(this.#journal.head(processId), fromSlot + limit)
    let bytes = 0
    let slot = fromSlot
    const take = (entry: LogEntry) => {
      entries.push(entry)
      bytes += entryBytes(entry)
      slot++
    }
    while (slot < end && bytes < this.#pageBytes) {
      const recent = this.#recent.get(processId, slot)
      if (recent !== undefined) {
        take(recent)
        continue
      }
      const records = await this.#journal.read(
        processId,
        slot,
        this.#chunk(end - slot, entries, bytes),
      )
      if (records.length === 0) break
      for (const record of records) {
        if (bytes >= this.#pageBytes) break
        take(decodeRecord(processId, record, this.#engine))
      }
    }
    return entries
  }

  /** Records to read next, so that entries of the size seen so far just fill the page. */
  #chunk(wanted: number, entries: readonly LogEntry[], bytes: number): number {
    if (entries.length === 0) return Math.min(wanted, firstChunk)
    const average = Math.max(1, bytes / entries.length)
    const fitting = Math.ceil((this.#pageBytes - bytes) / average)
    return Math.max(1, Math.min(wanted, fitting, chunkMax))
  }

  /** One entry. Throws `unknown-message` where the slot is not durable here. */
  async entry(processId: string, slot: number): Promise<LogEntry> {
    const [entry] = await this.entries(processId, slot, 1)
    if (entry === undefined) throw unknownMessage(`at slot ${slot}`, processId)
    return entry
  }

  /** The receipt first given for a slot. */
  async receipt(processId: string, slot: number): Promise<Receipt> {
    return receiptOf(await this.entry(processId, slot))
  }

  /** Number of slots with a timestamp up to and including `timestampMs`: they strictly increase. */
  async slotsUntil(processId: string, timestampMs: number): Promise<number> {
    let low = 0
    let high = this.#journal.head(processId)
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      const assignment = await this.#assignment(processId, middle)
      if (assignment.timestampMs <= timestampMs) low = middle + 1
      else high = middle
    }
    return low
  }

  async #assignment(processId: string, slot: number): Promise<Assignment> {
    const recent = this.#recent.get(processId, slot)
    if (recent !== undefined) return recent.assignment
    const [record] = await this.#journal.read(processId, slot, 1)
    if (record === undefined) throw unknownMessage(`at slot ${slot}`, processId)
    return decodeAssignment(processId, record, this.#engine)
  }
}

/** The receipt of an entry: it names the message, or the assignment where an item was assigned by id. */
export function receiptOf({ assignment, message }: LogEntry): Receipt {
  const { processId, slot, timestampMs } = assignment
  return { id: message?.id ?? assignment.item.id, processId, slot, timestampMs }
}
