import { type HeddleError, isHeddleError } from '@heddle/protocol/base'
import type { OrderedLog } from '../../journal/index.ts'
import type { Timer } from '../../runtime/index.ts'
import type { Evaluation } from '../face.ts'
import { RecentRecords } from './recent-records.ts'
import { decodeEvaluation, decodeHead, type RecordHead } from './record.ts'

/** Records of one append: below the journal's own limits whatever their size. */
const appendRecordsMax = 256
const appendBytesMax = 8 * 1024 * 1024
/** Records read at once. */
const readMax = 64

type Queue = {
  readonly processId: string
  /** Slot of the first record waiting or being written. */
  firstSlot: number
  readonly records: Uint8Array[]
  /** Resolved whenever the queue got shorter. */
  readonly watchers: { readonly slot: number; resolve(): void }[]
}

type ResultLogSettings = {
  readonly results: OrderedLog
  readonly epoch: number
  readonly timer: Timer
  readonly signal: AbortSignal
  readonly retryMs: number
  readonly recentBytes: number
  /** Told of each durable record, per process in slot order. */
  readonly onDurable: (processId: string, slot: number) => void
  /** The records of this process can never be written, e.g. another node took over. */
  readonly onRefused: (processId: string, error: unknown) => void
}

/**
 * Results on their way to the disk and back. One append per process is under way; what comes
 * meanwhile
 * goes with the next, so evaluation never waits for the disk and the disk is asked seldom.
 */
export class ResultLog {
  readonly #settings: ResultLogSettings
  readonly #queues = new Map<string, Queue>()
  readonly #writing = new Set<Promise<void>>()
  readonly #recent: RecentRecords

  constructor(settings: ResultLogSettings) {
    this.#settings = settings
    this.#recent = new RecentRecords(settings.recentBytes)
  }

  /** Next slot without a durable result. */
  durableHead(processId: string): number {
    return this.#settings.results.head(processId)
  }

  /** Next slot without a result, durable or on the way. */
  head(processId: string): number {
    const queue = this.#queues.get(processId)
    if (queue === undefined) return this.durableHead(processId)
    return queue.firstSlot + queue.records.length
  }

  /** Adds the record of slot `head(processId)`. */
  push(processId: string, record: Uint8Array): void {
    let queue = this.#queues.get(processId)
    if (queue === undefined) {
      queue = { processId, firstSlot: this.durableHead(processId), records: [], watchers: [] }
      this.#queues.set(processId, queue)
      const writing = this.#write(queue).finally(() => this.#writing.delete(writing))
      this.#writing.add(writing)
    }
    queue.records.push(record)
  }

  /** Resolves once all slots before `slot` are durable; at once where nothing is on its way. */
  durable(processId: string, slot: number): Promise<void> {
    const queue = this.#queues.get(processId)
    if (queue === undefined || queue.firstSlot >= slot) return Promise.resolve()
    return new Promise((resolve) => queue.watchers.push({ slot, resolve }))
  }

  /** A record by slot, or undefined where it is not durable. */
  async read(processId: string, slot: number): Promise<Evaluation | undefined> {
    if (slot < 0 || slot >= this.durableHead(processId)) return undefined
    const bytes = this.#recent.get(processId, slot)
    const record = bytes ?? (await this.#settings.results.read(processId, slot, 1))[0]?.bytes
    return record === undefined ? undefined : decodeEvaluation(processId, slot, record)
  }

  /**
   * Durable evaluations from `fromSlot` on, ascending, at most `limit`; fewer once their records have
   * `bytesMax` bytes.
   */
  async readMany(
    processId: string,
    fromSlot: number,
    limit: number,
    bytesMax = Number.POSITIVE_INFINITY,
  ): Promise<Evaluation[]> {
    const evaluations: Evaluation[] = []
    let read = 0
    for await (const { slot, bytes } of this.#records(processId, fromSlot, fromSlot + limit)) {
      evaluations.push(decodeEvaluation(processId, slot, bytes))
      read += bytes.length
      if (read >= bytesMax) break
    }
    return evaluations
  }

  /** Heads of the records from `fromSlot` up to, not including, `toSlot`. */
  async *heads(
    processId: string,
    fromSlot: number,
    toSlot: number,
  ): AsyncGenerator<RecordHead & { readonly slot: number }> {
    for await (const { slot, bytes } of this.#records(processId, fromSlot, toSlot)) {
      yield { slot, ...decodeHead(bytes) }
    }
  }

  /** Ends when nothing is being written any more. */
  async close(): Promise<void> {
    await Promise.all(this.#writing)
  }

  async *#records(processId: string, fromSlot: number, toSlot: number) {
    let slot = Math.max(0, fromSlot)
    const end = Math.min(toSlot, this.durableHead(processId))
    while (slot < end) {
      const recent = this.#recent.get(processId, slot)
      if (recent !== undefined) {
        yield { slot, bytes: recent }
        slot++
        continue
      }
      const limit = Math.min(readMax, end - slot)
      const records = await this.#settings.results.read(processId, slot, limit)
      if (records.length === 0) return
      yield* records
      slot += records.length
    }
  }

  async #write(queue: Queue): Promise<void> {
    const { processId, records } = queue
    // Lets the caller push the rest of what it has.
    await Promise.resolve()
    while (records.length > 0) {
      const batch = takeBatch(records)
      if (!(await this.#append(queue, batch))) break
      records.splice(0, batch.length)
      const firstSlot = queue.firstSlot
      queue.firstSlot += batch.length
      batch.forEach((record, i) => {
        this.#recent.add(processId, firstSlot + i, record)
      })
      batch.forEach((_, i) => {
        this.#settings.onDurable(processId, firstSlot + i)
      })
      wakeWatchers(queue, queue.firstSlot)
    }
    this.#queues.delete(processId)
    wakeWatchers(queue, Number.POSITIVE_INFINITY)
  }

  /** Writes until it is durable; false where it never will be. */
  async #append(queue: Queue, batch: readonly Uint8Array[]): Promise<boolean> {
    const { results, epoch, signal, timer, retryMs } = this.#settings
    const { processId, firstSlot } = queue
    for (;;) {
      try {
        await results.append(processId, firstSlot, epoch, batch)
        return true
      } catch (error) {
        // A failure may have come after the bytes were safe.
        if (results.head(processId) === firstSlot + batch.length) return true
        if (signal.aborted) return false
        if (!mayWorkLater(error)) {
          this.#settings.onRefused(processId, error)
          return false
        }
      }
      await timer.sleep(retryMs, signal).catch(() => undefined)
    }
  }
}

function takeBatch(records: readonly Uint8Array[]): Uint8Array[] {
  let bytes = 0
  let count = 0
  for (const record of records) {
    bytes += record.length
    if (count > 0 && (bytes > appendBytesMax || count === appendRecordsMax)) break
    count++
  }
  return records.slice(0, count)
}

function wakeWatchers(queue: Queue, durableHead: number): void {
  const { watchers } = queue
  for (let i = watchers.length - 1; i >= 0; i--) {
    const watcher = watchers[i]
    if (watcher === undefined || watcher.slot > durableHead) continue
    watchers.splice(i, 1)
    watcher.resolve()
  }
}

function mayWorkLater(error: unknown): error is HeddleError {
  return isHeddleError(error) && (error.kind === 'unavailable' || error.kind === 'exhausted')
}
