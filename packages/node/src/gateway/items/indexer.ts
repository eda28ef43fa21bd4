import { encodeBase64Url } from '@heddle/protocol/base'
import type { Cancel } from '../../runtime/index.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps } from '../ports.ts'
import type { Catalog } from './catalog.ts'
import { decodeOrder } from './order.ts'
import { itemsLog } from './record.ts'
import { entryRows, keptRows } from './rows.ts'
import type { TermMaker } from './terms.ts'

/** Name under which the catalog counts base-layer blocks. */
export const blocksLog = 'blocks'
/** Slots taken up at a time, some milliseconds of work; between batches others run. */
const entriesAtOnce = 96
const recordsAtOnce = 48

/**
 * Carries what is new in the logs over into the catalog: blocks, kept items, slots of processes.
 * The logs are the truth; the catalog says how far it got in each, so a crash anywhere repeats a
 * batch at most. One pass runs at a time.
 */
export class Indexer {
  readonly #deps: ItemsDeps
  readonly #options: GatewayOptions
  readonly #catalog: Catalog
  readonly #terms: TermMaker
  readonly #onKeptIndexed: (ids: readonly string[]) => void
  readonly #dirty = new Set<string>()
  readonly #cancelled = new AbortController()
  #running: Promise<void> = Promise.resolve()
  #queued: Promise<void> | undefined
  #timer: Cancel | undefined
  #nextBlock: number
  #nextRecord: number

  constructor(
    deps: ItemsDeps,
    options: GatewayOptions,
    catalog: Catalog,
    terms: TermMaker,
    onKeptIndexed: (ids: readonly string[]) => void,
  ) {
    this.#deps = deps
    this.#onKeptIndexed = onKeptIndexed
    this.#options = options
    this.#catalog = catalog
    this.#terms = terms
    this.#nextBlock = catalog.progress(blocksLog)
    this.#nextRecord = catalog.progress(itemsLog)
    for (const processId of deps.log.processes()) this.#dirty.add(processId)
    deps.log.onScheduled((processId) => this.noteProcess(processId))
    deps.consensus.onBlock(() => this.wake())
  }

  /** Something is new in a process's log. */
  noteProcess(processId: string): void {
    this.#dirty.add(processId)
    this.wake()
  }

  /** Indexes soon what is new. */
  wake(): void {
    if (this.#timer !== undefined || this.#cancelled.signal.aborted) return
    this.#timer = this.#deps.timer.after(this.#options.indexDelayMs, () => {
      this.#timer = undefined
      this.catchUp().catch((error) => this.#deps.onFault('indexing', error))
    })
  }

  /** Resolves when all that was durable at the time of the call is in the catalog. */
  catchUp(): Promise<void> {
    if (!this.#hasNews()) return this.#queued ?? this.#running
    // A pass that runs may be past what is new: those who ask now wait for the one after it.
    this.#queued ??= this.#running
      .catch(() => {})
      .then(() => {
        const pass = this.#pass()
        this.#running = pass
        this.#queued = undefined
        return pass
      })
    return this.#queued
  }

  /** Blocks and kept items only: what must be known before items are accepted. */
  catchUpKept(): Promise<void> {
    this.#running = this.#takeBlocks().then(() => this.#takeRecords())
    return this.#running
  }

  async close(): Promise<void> {
    this.#cancelled.abort()
    this.#timer?.()
    await this.#queued?.catch(() => {})
    await this.#running.catch(() => {})
  }

  #hasNews(): boolean {
    if (this.#cancelled.signal.aborted) return false
    return (
      this.#dirty.size > 0 ||
      this.#deps.consensus.tip().height >= this.#nextBlock ||
      this.#deps.journal.head(itemsLog) > this.#nextRecord
    )
  }

  async #pass(): Promise<void> {
    await this.#takeBlocks()
    await this.#takeRecords()
    const processes = [...this.#dirty]
    this.#dirty.clear()
    for (const processId of processes) {
      try {
        await this.#takeEntries(processId)
      } catch (error) {
        // One log that cannot be read must not hide all others; it is tried again with the next
        // pass.
        this.#dirty.add(processId)
        this.#deps.onFault(`indexing process ${processId}`, error)
      }
    }
  }

  async #takeBlocks(): Promise<void> {
    const tip = this.#deps.consensus.tip().height
    while (this.#nextBlock <= tip && !this.#cancelled.signal.aborted) {
      const block = await this.#deps.consensus.block(this.#nextBlock)
      if (block === undefined) return
      this.#catalog.settle(block.height, block.payloads.flatMap(decodeOrder), blocksLog)
      this.#nextBlock++
      await this.#rest()
    }
  }

  async #takeRecords(): Promise<void> {
    while (!this.#cancelled.signal.aborted) {
      const records = await this.#deps.journal.read(itemsLog, this.#nextRecord, recordsAtOnce)
      if (records.length === 0) return
      const slots = []
      for (const record of records) {
        slots.push(await keptRows(record, this.#deps, this.#catalog, this.#terms, this.#options))
      }
      const next = this.#nextRecord + records.length
      this.#catalog.write(itemsLog, slots, next)
      this.#nextRecord = next
      this.#onKeptIndexed(slots.flatMap(({ keptId }) => (keptId ? [encodeBase64Url(keptId)] : [])))
      await this.#rest()
    }
  }

  async #takeEntries(processId: string): Promise<void> {
    const { log } = this.#deps
    let next = this.#catalog.progress(processId)
    while (next < log.head(processId) && !this.#cancelled.signal.aborted) {
      const entries = await log.entries(processId, next, entriesAtOnce)
      if (entries.length === 0) return
      const slots = entries.map((entry) => entryRows(entry, this.#terms))
      next += entries.length
      this.#catalog.write(processId, slots, next)
      await this.#rest()
      if (entries.length === entriesAtOnce) await this.#deps.timer.sleep(0)
    }
  }

  /** A checkpoint that fails costs disk space, not answers. */
  async #rest(): Promise<void> {
    try {
      await this.#catalog.rest()
    } catch (error) {
      this.#deps.onFault('checkpointing the index', error)
    }
  }
}
