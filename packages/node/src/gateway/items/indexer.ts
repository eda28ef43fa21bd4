import { assert } from '@heddle/protocol/base'
import type { LogRecord } from '../../journal/index.ts'
import type { Cancel } from '../../runtime/index.ts'
import { blocksLog, itemsLog, type PassedOver, type SettledBlock } from '../catalog/location.ts'
import { RowPacker } from '../catalog/row-batch.ts'
import type { CatalogThread } from '../catalog/thread.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps } from '../ports.ts'
import { decodeOrder } from './order.ts'
import { addEntryRows, addKeptRows, type RowSink } from './rows.ts'
import { Unopened } from './unopened.ts'

/** Where rows of the items log go; `isLost` where the catalog refused some. */
type IndexSink = RowSink & {
  readonly isLost: boolean
  /** Sends the rest, and moves the log's progress. */
  end(next: number, passed: PassedOver): Promise<void>
}

/** Taken up at a time, some milliseconds of work; between batches others run. */
const entriesAtOnce = 96
const recordsAtOnce = 48
const blocksAtOnce = 64
/** So often the pause after a pass that failed is doubled. */
const failuresCounted = 5

/**
 * Carries what is new in the logs over into the catalog: blocks, kept items, slots of processes.
 * The logs are the truth; the catalog says how far it got in each, so a crash anywhere repeats a
 * batch at most. What of the items log cannot be opened is passed over, noted in the catalog, and tried
 * again. One pass runs at a time.
 */
export class Indexer {
  readonly #deps: ItemsDeps
  readonly #options: GatewayOptions
  readonly #catalog: CatalogThread
  readonly #onKeptIndexed: (ids: readonly string[]) => void
  readonly #dirty = new Set<string>()
  readonly #cancelled = new AbortController()
  readonly #unopened: Unopened
  /** Passes that failed one after another. */
  #failures = 0
  #running: Promise<void> = Promise.resolve()
  #queued: Promise<void> | undefined
  #timer: Cancel | undefined
  /** Unknown (undefined) after a pass that failed: the catalog is asked. */
  #next: { block: number; record: number } | undefined

  constructor(
    deps: ItemsDeps,
    options: GatewayOptions,
    catalog: CatalogThread,
    onKeptIndexed: (ids: readonly string[]) => void,
  ) {
    this.#deps = deps
    this.#onKeptIndexed = onKeptIndexed
    this.#options = options
    this.#catalog = catalog
    this.#unopened = new Unopened(deps.timer, options.openRetryMs, () => this.wake())
    this.#noteAllProcesses()
    deps.log.onScheduled((processId) => this.noteProcess(processId))
    deps.consensus.onBlock(() => this.wake())
  }

  /** Records of the items log that are passed over for now. */
  get unopened(): number {
    return this.#unopened.count
  }

  /** Something is new in a process's log. */
  noteProcess(processId: string): void {
    this.#dirty.add(processId)
    this.wake()
  }

  /** Indexes soon what is new. */
  wake(delayMs = this.#options.indexDelayMs): void {
    if (this.#timer !== undefined || this.#cancelled.signal.aborted) return
    this.#timer = this.#deps.timer.after(delayMs, () => {
      this.#timer = undefined
      this.catchUp().then(
        () => this.#tryAgain(),
        (error) => {
          this.#deps.onFault('indexing', error)
          this.#tryAgain(true)
        },
      )
    })
  }

  /** Where nothing new comes and nobody asks, nobody else would try again what failed. */
  #tryAgain(isFailed = this.#dirty.size > 0): void {
    if (this.#timer !== undefined) return
    if (isFailed)
      this.wake(this.#options.openRetryMs * 2 ** Math.min(this.#failures++, failuresCounted))
    else this.#failures = 0
  }

  /** Resolves when all that was durable at the time of the call is in the catalog. */
  catchUp(): Promise<void> {
    if (!this.#hasNews()) return this.#queued ?? this.#running
    // A pass that runs may be past what is new: those who ask now wait for the one after it.
    this.#queued ??= this.#running.catch(() => {}).then(() => this.#start(() => this.#pass()))
    return this.#queued
  }

  /** Blocks and kept items only: what must be known before items are accepted. */
  catchUpKept(): Promise<void> {
    return this.#start(() => this.#takeKept())
  }

  async close(): Promise<void> {
    this.#cancelled.abort()
    this.#timer?.()
    this.#unopened.close()
    await this.#queued?.catch(() => {})
    await this.#running.catch(() => {})
  }

  #start(work: () => Promise<void>): Promise<void> {
    const pass = this.#restored()
      .then(work)
      .catch((error) => {
        this.#next = undefined
        throw error
      })
    this.#running = pass
    this.#queued = undefined
    return pass
  }

  #hasNews(): boolean {
    if (this.#cancelled.signal.aborted) return false
    if (this.#catalog.lost || this.#next === undefined) return true
    return (
      this.#dirty.size > 0 ||
      this.#unopened.isDue ||
      this.#deps.consensus.tip().height >= this.#next.block ||
      this.#deps.journal.head(itemsLog) > this.#next.record
    )
  }

  /** Opens the catalog again if its thread was lost. It may then know less than it did. */
  async #restored(): Promise<void> {
    if (!this.#catalog.lost || this.#cancelled.signal.aborted) return
    await this.#catalog.open()
    this.#next = undefined
    this.#noteAllProcesses()
  }

  #noteAllProcesses(): void {
    for (const processId of this.#deps.log.processes()) this.#dirty.add(processId)
  }

  async #position(): Promise<{ block: number; record: number }> {
    if (this.#next === undefined) {
      const logs = [blocksLog, itemsLog]
      const [block = 0, record = 0] = await this.#catalog.ask('progress', { logs })
      this.#unopened.add(await this.#catalog.ask('unopened', {}))
      this.#next = { block, record }
    }
    return this.#next
  }

  async #takeKept(): Promise<void> {
    const position = await this.#position()
    await this.#takeBlocks(position)
    await this.#takeRecords(position)
  }

  async #pass(): Promise<void> {
    await this.#takeKept()
    await this.#openAgain()
    const processes = [...this.#dirty]
    this.#dirty.clear()
    try {
      const progress = await this.#catalog.ask('progress', { logs: processes })
      while (processes.length > 0) {
        const processId = processes.pop()
        const from = progress[processes.length]
        if (processId !== undefined && from !== undefined) await this.#takeProcess(processId, from)
      }
    } finally {
      // What a lost catalog cut short is still to be done.
      for (const processId of processes) this.#dirty.add(processId)
    }
  }

  /**
   * One log that cannot be read must not hide all others; it is tried again with the next pass.
   * Without the catalog nothing can be done at all.
   */
  async #takeProcess(processId: string, from: number): Promise<void> {
    try {
      await this.#takeEntries(processId, from)
    } catch (error) {
      this.#dirty.add(processId)
      if (this.#catalog.lost) throw error
      this.#deps.onFault(`indexing process ${processId}`, error)
    }
  }

  async #takeBlocks(position: { block: number }): Promise<void> {
    const tip = this.#deps.consensus.tip().height
    while (position.block <= tip && !this.#cancelled.signal.aborted) {
      const blocks: SettledBlock[] = []
      for (let height = position.block; height <= tip && blocks.length < blocksAtOnce; height++) {
        const block = await this.#deps.consensus.block(height)
        if (block === undefined) break
        // Copied: a view would be cloned with all of the block behind it.
        const ids = block.payloads.flatMap(decodeOrder).map((id) => new Uint8Array(id))
        blocks.push({ height, ids })
      }
      if (blocks.length === 0) return
      await this.#catalog.ask('settle', { log: blocksLog, blocks })
      position.block += blocks.length
    }
  }

  async #takeRecords(position: { record: number }): Promise<void> {
    const { journal } = this.#deps
    while (position.record < journal.head(itemsLog) && !this.#cancelled.signal.aborted) {
      const from = position.record
      // Where one of them does not read back, the first is read by itself.
      const records = await journal.read(itemsLog, from, recordsAtOnce).catch(() => [])
      const next = from + Math.max(1, records.length)
      const sink = this.#sink(from)
      const ids: string[] = []
      const unopened: number[] = []
      for (let slot = from; slot < next; slot++) {
        const { isOpen, id } = await this.#open(sink, slot, records[slot - from])
        if (!isOpen) unopened.push(slot)
        else if (id !== undefined) ids.push(id)
      }
      await sink.end(next, { unopened })
      position.record = next
      this.#unopened.add(unopened)
      this.#onKeptIndexed(ids)
    }
  }

  /** Tries what was passed over once more, each by itself. */
  async #openAgain(): Promise<void> {
    if (!this.#unopened.isDue) return
    const { record: next } = await this.#position()
    for (const slot of this.#unopened.take()) {
      if (this.#cancelled.signal.aborted) return
      const sink = this.#sink(next)
      const { isOpen, id } = await this.#open(sink, slot)
      await sink.end(next, isOpen ? { opened: [slot] } : {})
      if (isOpen) this.#unopened.drop(slot)
      else this.#unopened.add([slot])
      if (id !== undefined) this.#onKeptIndexed([id])
    }
  }

  /**
   * Adds what a record of the items log brings; `id` is what it keeps. One that cannot be opened must not
   * keep all that came after it from being found: that is told, and not thrown.
   */
  async #open(
    sink: IndexSink,
    slot: number,
    read?: LogRecord,
  ): Promise<{ readonly isOpen: boolean; readonly id?: string | undefined }> {
    const { journal, onFault } = this.#deps
    const record = async (at: number) => (await journal.read(itemsLog, at, 1))[0]?.bytes
    try {
      const bytes = read?.bytes ?? (await record(slot))
      assert(bytes !== undefined, `slot ${slot} is below the head of the items log`)
      const deps = { ...this.#deps, record }
      return { isOpen: true, id: await addKeptRows(sink, { slot, bytes }, deps, this.#options) }
    } catch (error) {
      // Without the catalog nothing can be done at all.
      if (sink.isLost || this.#cancelled.signal.aborted) throw error
      onFault(`opening record ${slot} of the items log; tried again later`, error)
      return { isOpen: false }
    }
  }

  /**
   * Rows of a large bundle go in parts, one under way while the next is made; repeated after a
   * crash, they find themselves there.
   */
  #sink(from: number): IndexSink {
    let underWay: Promise<void> = Promise.resolve()
    const sink = {
      rows: new RowPacker(),
      isLost: false,
      flush: async () => {
        await underWay
        underWay = this.#write(itemsLog, sink.rows, from, from)
        // Awaited with the next part; until then a failure is nobody's.
        underWay.catch(() => {
          sink.isLost = true
        })
        sink.rows = new RowPacker()
      },
      end: async (next: number, passed: PassedOver) => {
        await underWay
        await this.#write(itemsLog, sink.rows, from, next, passed)
      },
    }
    return sink
  }

  async #takeEntries(processId: string, from: number): Promise<void> {
    const { log } = this.#deps
    let next = from
    while (next < log.head(processId) && !this.#cancelled.signal.aborted) {
      const entries = await log.entries(processId, next, entriesAtOnce)
      if (entries.length === 0) return
      const rows = new RowPacker()
      for (const entry of entries) addEntryRows(rows, entry)
      await this.#write(processId, rows, next, next + entries.length)
      next += entries.length
    }
  }

  async #write(
    log: string,
    rows: RowPacker,
    from: number,
    next: number,
    passed: PassedOver = {},
  ): Promise<void> {
    const batch = rows.finish()
    const transfer = [batch.headers.buffer, batch.numbers.buffer]
    await this.#catalog.ask('write', { log, batch, from, next, passed }, transfer)
  }
}
