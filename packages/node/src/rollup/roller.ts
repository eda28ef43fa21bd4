import { isHeddleError } from '@heddle/protocol/base'
import { resultChainStart } from '@heddle/protocol/digest'
import type { Cancel } from '../runtime/index.ts'
import { chainBefore } from './chain.ts'
import type { Hosting } from './hosting.ts'
import { makeRollup, type Range } from './make-rollup.ts'
import type { RollupOptions } from './options.ts'
import type { RollupDeps } from './ports.ts'
import { type Noted, Progress } from './progress.ts'

/** What is remembered of a process with something to roll up. */
type Pending = {
  /** Since when something waits. */
  sinceMs: number
  /** Its last rollup; `unkept` where that may not have become an item. */
  last: Noted | undefined
  unkept: boolean
  isRead: boolean
}

/** Processes whose last rollup is remembered to be kept. */
const keptMax = 10_000

/**
 * Rolls up what is new: one look every few seconds at most, a few rollups a look, so that live traffic
 * does not feel it. What fails is told and tried again with the next look.
 */
export class Roller {
  readonly #deps: RollupDeps
  readonly #hosting: Hosting
  readonly #options: RollupOptions
  readonly #progress: Progress
  readonly #pending = new Map<string, Pending>()
  readonly #checkpoints = new Map<string, { readonly slot: number; readonly id?: string }>()
  readonly #kept = new Map<string, Noted>()
  #timer: Cancel | undefined
  #looking: Promise<void> = Promise.resolve()
  #closed = false

  constructor(deps: RollupDeps, hosting: Hosting, options: RollupOptions) {
    this.#deps = deps
    this.#hosting = hosting
    this.#options = options
    this.#progress = new Progress(deps)
    deps.log.onScheduled((processId) => this.#notice(processId))
    deps.results.onEvaluated((processId) => this.#notice(processId))
    for (const processId of deps.log.processes()) this.#notice(processId)
  }

  /** Rolls up all that is evaluated now, without waiting for more; resolves when it is durable. */
  async flush(): Promise<void> {
    const all = new Set(this.#deps.log.processes())
    await this.#exclusively(async () => {
      for (const processId of all) {
        this.#notice(processId)
        while (!this.#closed && (await this.#rollOne(processId, true)) !== 0);
      }
    })
  }

  /** The last rollup of a process. */
  last(processId: string): Promise<Noted | undefined> {
    return this.#progress.last(processId)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#timer?.()
    await this.#looking.catch(() => undefined)
  }

  #notice(processId: string): void {
    if (this.#closed || this.#pending.has(processId)) return
    const sinceMs = this.#deps.runtime.clock.elapsedMs()
    this.#pending.set(processId, { sinceMs, last: undefined, unkept: false, isRead: false })
    this.#wake()
  }

  #wake(): void {
    if (this.#timer !== undefined || this.#closed) return
    this.#timer = this.#deps.runtime.timer.after(this.#options.everyMs, () => {
      this.#timer = undefined
      void this.#exclusively(() => this.#look()).finally(() => {
        if (this.#pending.size > 0) this.#wake()
      })
    })
  }

  #exclusively(work: () => Promise<void>): Promise<void> {
    const done = this.#looking.catch(() => undefined).then(work)
    this.#looking = done.catch(() => undefined)
    return done
  }

  /** Those that were looked at go to the end of the line. */
  async #look(): Promise<void> {
    const { lookRollups, lookBytes } = this.#options
    let rollups = 0
    let bytes = 0
    for (const processId of [...this.#pending.keys()]) {
      if (this.#closed || rollups >= lookRollups || bytes >= lookBytes) return
      try {
        const rolled = await this.#rollOne(processId, false)
        if (rolled > 0) rollups++
        bytes += rolled
      } catch (error) {
        this.#deps.warn({ processId, error }, 'a log could not be rolled up; it is tried again')
      }
      const pending = this.#pending.get(processId)
      this.#pending.delete(processId)
      if (pending !== undefined) this.#pending.set(processId, pending)
      // Live traffic goes first.
      await this.#deps.runtime.timer.sleep(0)
    }
  }

  /** Bytes of the rollup made; 0 where there was none to make. */
  async #rollOne(processId: string, isUrgent: boolean): Promise<number> {
    const pending = this.#pending.get(processId)
    if (pending === undefined) return 0
    if (this.#hosting.isForeign(processId)) {
      this.#pending.delete(processId)
      return 0
    }
    await this.#readProgress(processId, pending)
    const range = await this.#nextRange(processId, pending, isUrgent)
    if (range === undefined) return 0
    const rollup = await makeRollup(this.#deps, range, this.#options)
    if (rollup === undefined) return 0
    pending.last = await this.#progress.note(rollup)
    pending.unkept = true
    await this.#deps.items.keep(rollup.item)
    pending.unkept = false
    pending.sinceMs = this.#deps.runtime.clock.elapsedMs()
    if (this.#kept.size >= keptMax) this.#kept.clear()
    this.#kept.set(processId, pending.last)
    await this.#keepCheckpoint(processId, rollup.statement.toSlot)
    if (rollup.statement.toSlot + 1 >= this.#deps.log.head(processId)) {
      this.#pending.delete(processId)
    }
    return rollup.item.bytes.length
  }

  async #readProgress(processId: string, pending: Pending): Promise<void> {
    if (pending.isRead) return
    const kept = this.#kept.get(processId)
    const last = kept ?? (await this.#progress.last(processId))
    const isKept = last === kept || last === undefined
    pending.unkept = !isKept && (await this.#deps.items.keptItem(last.id)) === undefined
    pending.last = last
    pending.isRead = true
  }

  /** What to roll up next, if it is time. What was noted and not kept is made again, slot for slot. */
  async #nextRange(
    processId: string,
    { last, unkept, sinceMs }: Pending,
    isUrgent: boolean,
  ): Promise<Range | undefined> {
    const { log, results, runtime } = this.#deps
    const { slotsMin, ageMs, unevaluatedMs } = this.#options
    if (last !== undefined && unkept) return this.#again(processId, last)
    const fromSlot = last === undefined ? 0 : last.toSlot + 1
    const evaluated = results.evaluatedHead(processId)
    const head = log.head(processId)
    const waitedMs = runtime.clock.elapsedMs() - sinceMs
    const previous = last?.id
    const checkpoint = this.#checkpoints.get(processId)?.id
    const place = { processId, fromSlot, previous, checkpoint }
    if (evaluated > fromSlot) {
      if (!isUrgent && evaluated - fromSlot < slotsMin && waitedMs < ageMs) return undefined
      const chain = await this.#chainAfter(processId, last)
      return { ...place, endSlot: evaluated, chain }
    }
    if (fromSlot >= head) this.#pending.delete(processId)
    else if (waitedMs >= unevaluatedMs) return { ...place, endSlot: head, chain: undefined }
    return undefined
  }

  async #again(processId: string, last: Noted): Promise<Range> {
    const { fromSlot, toSlot, previous, checkpoint, resultChain } = last
    const chain = resultChain && (await chainBefore(this.#deps, processId, fromSlot))
    return { processId, fromSlot, endSlot: toSlot + 1, previous, checkpoint, chain }
  }

  async #chainAfter(processId: string, last: Noted | undefined): Promise<Uint8Array> {
    if (last === undefined) return resultChainStart(processId, this.#deps.engine)
    return last.resultChain ?? (await chainBefore(this.#deps, processId, last.toSlot + 1))
  }

  /** A process may not have been worth a checkpoint yet. */
  async #keepCheckpoint(processId: string, slot: number): Promise<void> {
    const before = this.#checkpoints.get(processId) ?? { slot: 0 }
    if (slot - before.slot < this.#options.checkpointSlots) return
    try {
      const id = await this.#deps.results.publishCheckpoint(processId)
      this.#checkpoints.set(processId, { slot, ...(id === undefined ? {} : { id }) })
    } catch (error) {
      if (!isHeddleError(error, 'checkpoint-missing')) throw error
      this.#checkpoints.set(processId, { slot })
    }
  }
}
