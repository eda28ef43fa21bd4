import { dirname } from 'node:path'
import { isId } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'
import type { Route } from '../network/index.ts'
import { admitAssign, admitItem } from './admission.ts'
import { createBreather } from './breather.ts'
import { catchUp, openIndex } from './catch-up.ts'
import { certifiedReceipt, refuseCertified } from './certified.ts'
import type { EntryIndex } from './entry-index.ts'
import {
  logRecovering,
  notSettled,
  schedulerBusy,
  schedulerClosed,
  unknownItem,
  unknownProcess,
} from './errors.ts'
import type { AssignOptions, Receipt, ScheduledListener, SchedulerFace } from './face.ts'
import { LogReader } from './log-reader.ts'
import { type SchedulerOptions, schedulerDefaults } from './options.ts'
import type { SchedulerDeps } from './ports.ts'
import { type LogContext, ProcessLog, type SlotRequest } from './process-log.ts'
import { RecentEntries } from './recent-entries.ts'
import { encodeRecord } from './record.ts'
import { schedulerRoutes } from './routes.ts'

export type Scheduler = SchedulerFace & {
  /**
   * Appends entries that another scheduler, or this one in another life, has made: the next slots of one
   * log, verified by the caller. Durable when it resolves. Rejects with the journal's errors
   * (`slot-taken`, `append-too-large`).
   */
  adopt(processId: string, entries: readonly LogEntry[]): Promise<void>
  /** The legacynet routes, to be mounted at `/su`. */
  routes(): Route[]
  /** Refuses new items, waits for those in flight, writes the index. The journal stays open. */
  close(): Promise<void>
}

/**
 * Opens the scheduler over a journal that holds one log per process. Takes the journal for writing
 * (older writers are fenced off) and brings the id index level with it.
 */
export async function createScheduler(
  deps: SchedulerDeps,
  options: Partial<SchedulerOptions> & Pick<SchedulerOptions, 'indexPath'>,
): Promise<Scheduler> {
  const { engine, journal, runtime } = deps
  const settings = { ...schedulerDefaults, ...options }
  await runtime.disk.makeFolder(dirname(settings.indexPath))
  const writerEpoch = await journal.claim()
  const { disk, timer } = runtime
  const index = await openIndex({ journal, engine, disk, timer }, settings)
  return new OrderingScheduler(deps, settings, writerEpoch, index)
}

class OrderingScheduler implements Scheduler {
  readonly #deps: SchedulerDeps
  readonly #options: SchedulerOptions
  readonly #index: EntryIndex
  readonly #recent: RecentEntries
  readonly #reader: LogReader
  readonly #context: LogContext
  readonly #listeners: ScheduledListener[] = []
  /** Logs with their newest assignment in memory, the least recently used first. */
  readonly #logs = new Map<string, ProcessLog>()
  readonly #inFlight = new Set<Promise<unknown>>()
  #pendingBytes = 0
  #hosted = 0
  #closed: Promise<void> | undefined

  constructor(
    deps: SchedulerDeps,
    options: SchedulerOptions,
    writerEpoch: number,
    index: EntryIndex,
  ) {
    const { baseLayer, engine, journal, runtime, signer } = deps
    this.#deps = deps
    this.#options = options
    this.#index = index
    this.#recent = new RecentEntries(options.recentBytes)
    this.#reader = new LogReader(journal, engine, this.#recent, options.pageBytes)
    for (const _ of journal.logs()) this.#hosted++
    this.#context = {
      journal,
      writerEpoch,
      signer,
      engine,
      clock: runtime.clock,
      baseLayer,
      index,
      reader: this.#reader,
      breathe: createBreather(runtime.timer),
      hosted: () => this.#hosted,
      epochAtLeast: (processId) => deps.hosting?.epochAtLeast(processId) ?? 0,
      onDurable: (entry, receivedMs) => this.#announce(entry, receivedMs),
      onSigned: (assignment) => this.#deps.onSigned?.(assignment),
    }
  }

  async schedule(item: Item): Promise<Receipt> {
    const { certify, engine } = this.#deps
    const { deliveryKey, kind, processId } = admitItem(item, this.#options.itemBytesMax, engine)
    if (kind === 'process' && certify === undefined) refuseCertified(item)
    const request = {
      spawns: kind === 'process',
      messageId: item.id,
      message: item,
      deliveryKey,
      exclude: [],
      receivedMs: this.#context.clock.nowMs(),
    }
    const receipt = this.#submit(processId, request)
    return certify === undefined ? receipt : certifiedReceipt(receipt, certify)
  }

  async assign(processId: string, messageId: string, options: AssignOptions): Promise<Receipt> {
    const { baseLayer, certify, items } = this.#deps
    const receivedMs = this.#context.clock.nowMs()
    const exclude = options.exclude ?? []
    admitAssign(processId, messageId, exclude)
    this.#requireKnown(processId)
    if (options.baseLayer) {
      if (!(await baseLayer.settled(messageId))) throw notSettled(messageId)
    } else if ((await items.item(messageId)) === undefined) {
      throw unknownItem(messageId)
    }
    const receipt = this.#submit(processId, {
      spawns: false,
      messageId,
      message: undefined,
      deliveryKey: undefined,
      exclude,
      receivedMs,
    })
    return certify === undefined ? receipt : certifiedReceipt(receipt, certify)
  }

  async adopt(processId: string, entries: readonly LogEntry[]): Promise<void> {
    const [first] = entries
    if (first === undefined) return
    if (this.#closed !== undefined) throw schedulerClosed()
    const adopted = this.#adoptFrom(first.assignment.slot, processId, entries)
    this.#inFlight.add(adopted)
    await adopted.finally(() => this.#inFlight.delete(adopted))
    for (const entry of entries) this.#announce(entry)
  }

  entries(processId: string, fromSlot: number, limit: number): Promise<LogEntry[]> {
    return this.#reader.entries(processId, fromSlot, limit)
  }

  async slotOf(processId: string, id: string): Promise<number | undefined> {
    return isId(processId) && isId(id) ? this.#index.slotOf(processId, id) : undefined
  }

  head(processId: string): number {
    return this.#deps.journal.head(processId)
  }

  processes(): Iterable<string> {
    return this.#deps.journal.logs()
  }

  onScheduled(listener: ScheduledListener): void {
    this.#listeners.push(listener)
  }

  routes(): Route[] {
    return schedulerRoutes({
      deps: this.#deps,
      options: this.#options,
      scheduler: this,
      reader: this.#reader,
      index: this.#index,
      hosted: () => this.#hosted,
    })
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown()
    return this.#closed
  }

  async #shutDown(): Promise<void> {
    await Promise.allSettled(this.#inFlight)
    this.#index.close()
  }

  async #adoptFrom(slot: number, processId: string, entries: readonly LogEntry[]): Promise<void> {
    const { engine, journal } = this.#deps
    const records = entries.map(({ assignment, message }) => encodeRecord(assignment.item, message))
    await journal.append(processId, slot, this.#context.writerEpoch, records)
    // What was in memory of the log, if anything, ends before these.
    this.#logs.delete(processId)
    await catchUp(processId, journal, this.#index, engine)
  }

  /** Counts what is pending against the limits and hands the request to its log. */
  async #submit(processId: string, request: SlotRequest): Promise<Receipt> {
    if (this.#closed !== undefined) throw schedulerClosed()
    if (this.#deps.hosting?.isRecovering(processId)) throw logRecovering(processId)
    if (!request.spawns) this.#requireKnown(processId)
    this.#index.assertRoom()
    const bytes = request.message?.bytes.length ?? 0
    const { pendingBytesMax, pendingMax } = this.#options
    const pending = this.#inFlight.size
    if (pending >= pendingMax || (pending > 0 && this.#pendingBytes + bytes > pendingBytesMax)) {
      throw schedulerBusy(pending)
    }
    const receipt = this.#log(processId).submit(request)
    this.#inFlight.add(receipt)
    this.#pendingBytes += bytes
    try {
      return await receipt
    } finally {
      this.#inFlight.delete(receipt)
      this.#pendingBytes -= bytes
    }
  }

  /** A process is known when it has a durable slot, or when its spawn is on the way. */
  #requireKnown(processId: string): void {
    if (this.head(processId) > 0 || this.#logs.get(processId)?.idle === false) return
    throw unknownProcess(processId, this.#hosted)
  }

  #log(processId: string): ProcessLog {
    const log = this.#logs.get(processId) ?? new ProcessLog(processId, this.#context)
    this.#logs.delete(processId)
    this.#logs.set(processId, log)
    for (const [oldestId, oldest] of this.#logs) {
      if (this.#logs.size <= this.#options.openLogsMax) break
      if (oldest !== log && oldest.idle) this.#logs.delete(oldestId)
    }
    return log
  }

  #announce(entry: LogEntry, receivedMs?: number): void {
    const { processId, slot } = entry.assignment
    if (slot === 0) this.#hosted++
    this.#recent.add(entry)
    for (const listener of this.#listeners) listener(processId, slot, receivedMs)
  }
}
