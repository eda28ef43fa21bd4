import { errorMessage, isHeddleError } from '@heddle/protocol/base'
import { createItem } from '@heddle/protocol/item'
import type { Cancel } from '../runtime/index.ts'
import { Semaphore } from '../runtime/index.ts'
import { retryDelayMs } from './backoff.ts'
import {
  type CronSpec,
  compareTicks,
  cronSpecs,
  dueTicks,
  nextTick,
  type Tick,
  tickName,
} from './cron.ts'
import { tickDraft } from './drafts.ts'
import type { MessengerOptions } from './options.ts'
import type { MessengerDeps } from './ports.ts'
import type { Sender, Senders } from './senders.ts'
import type { TickTable } from './tick-table.ts'

type Deps = Pick<
  MessengerDeps,
  'scheduler' | 'signer' | 'engine' | 'runtime' | 'baseLayer' | 'log' | 'metrics'
> & {
  readonly senders: Senders
  readonly table: TickTable
  readonly options: Pick<
    MessengerOptions,
    'cronCatchUpMax' | 'cronIntervalsMax' | 'retryBaseMs' | 'retryCapMs'
  >
}

/** `notBeforeMs` is by the clock that nobody sets. */
type Run = { attempts: number; notBeforeMs: number; running: Promise<void> | undefined }

const processesAtOnce = 16
const processesPerWake = 256
/** A wake no later than this, so that a clock set forward is noticed. */
const sleepMaxMs = 60_000
const wakeDelayMs = 10
/** Time services set a clock back by less; more is worth a look. */
const setBackMsNotable = 60_000

/**
 * Makes log entries of cron ticks: a signed item per tick, scheduled like any message. Progress is in
 * the state file; a tick sent twice after a crash has the same Delivery-Id and is dropped. So is one that
 * a clock that was set back shows again: ticks go by the wall clock, and each point is in the log once.
 */
export class Ticker {
  readonly #deps: Deps
  readonly #gate = new Semaphore(processesAtOnce)
  readonly #runs = new Map<string, Run>()
  #alarm: Cancel | undefined
  #soon: Cancel | undefined
  #stopped = false
  /** The wall clock at the last look; before the first it may have been anything. */
  #seenMs = Number.POSITIVE_INFINITY

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Starts ticking a process. Throws `cron-invalid`. Starting twice changes nothing. */
  async monitor(sender: Sender): Promise<void> {
    const { table, runtime, baseLayer } = this.#deps
    const specs = this.#specs(sender)
    for (const [ordinal, spec] of specs.entries()) {
      // What cannot be signed now (tags over the limit) could never tick.
      await this.#item({ spec, ordinal, position: nextTick(spec, spec.origin) }, sender)
    }
    for (const [ordinal, spec] of specs.entries()) {
      const last = spec.unit === 'time' ? runtime.clock.nowMs() : baseLayer.tip().height
      const from = Math.floor(last)
      table.add(sender.processId, ordinal, spec.unit, from, nextTick(spec, from))
    }
    await table.durable()
    this.wake()
  }

  /** Stops ticking a process; when this resolves no further tick of it gets a slot. */
  async unmonitor(processId: string): Promise<void> {
    this.#deps.table.remove(processId)
    await this.#deps.table.durable()
    await this.#runs.get(processId)?.running
    this.#runs.delete(processId)
  }

  /** Runs what is due and sets the alarm for what comes next. */
  wake(): void {
    this.#alarm?.()
    this.#alarm = undefined
    if (this.#stopped) return
    const { table, baseLayer } = this.#deps
    const nowMs = this.#nowMs()
    if (nowMs < this.#seenMs) this.#turnBack(nowMs)
    this.#seenMs = nowMs
    const due = table.due(nowMs, baseLayer.tip().height, processesPerWake + this.#runs.size)
    const elapsedMs = this.#elapsedMs()
    for (const processId of due) this.#start(processId, elapsedMs)
    const pausesMs = [...this.#runs.values()].map(({ notBeforeMs }) => notBeforeMs - elapsedMs)
    const waitMs = Math.min(
      (table.nextMs(nowMs) ?? Number.POSITIVE_INFINITY) - nowMs,
      ...pausesMs.filter((pauseMs) => pauseMs > 0),
    )
    if (waitMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.min(Math.max(waitMs, 1), sleepMaxMs)
    this.#alarm = this.#deps.runtime.timer.after(delayMs, () => this.wake())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#alarm?.()
    this.#soon?.()
    await Promise.all([...this.#runs.values()].map((run) => run.running))
  }

  /** The clock ran ahead, before this start or since: what waits for that time goes by the clock again. */
  #turnBack(nowMs: number): void {
    const { table, log } = this.#deps
    const back = table.turnBack(nowMs)
    if (back === undefined || back.furthestMs - nowMs < setBackMsNotable) return
    const fields = { processes: back.processes, aheadMs: back.furthestMs - nowMs }
    log.warn(
      fields,
      'cron ticks are in logs that lie ahead of the clock: it was set back. Cron goes by the clock ' +
        'again and repeats none of them; see that the time service of this machine runs',
    )
  }

  #start(processId: string, elapsedMs: number): void {
    const never = Number.NEGATIVE_INFINITY
    const run = this.#runs.get(processId) ?? { attempts: 0, notBeforeMs: never, running: undefined }
    if (run.running !== undefined || run.notBeforeMs > elapsedMs) return
    this.#runs.set(processId, run)
    run.running = this.#gate
      .run(() => this.#tickAll(processId))
      .then(() => this.#runs.delete(processId))
      .catch((error: unknown) => {
        run.attempts++
        run.notBeforeMs = this.#elapsedMs() + retryDelayMs(run.attempts, this.#deps.options)
        const fields = { processId, attempts: run.attempts, error: errorMessage(error) }
        if (!this.#stopped) this.#deps.log.warn(fields, 'cron tick not scheduled yet')
      })
      .then(() => {
        run.running = undefined
        this.#wakeSoon()
      })
  }

  /** Many runs that end together share a wake. */
  #wakeSoon(): void {
    if (this.#stopped) return
    this.#soon ??= this.#deps.runtime.timer.after(wakeDelayMs, () => {
      this.#soon = undefined
      this.wake()
    })
  }

  async #tickAll(processId: string): Promise<void> {
    const { table, senders, options } = this.#deps
    const sender = await senders.sender(processId)
    if (sender === undefined) throw new Error('the process is not scheduled here')
    const specs = this.#specs(sender)
    const ticks: Tick[] = []
    for (const { ordinal, last, next } of table.rows(processId)) {
      const spec = specs[ordinal]
      if (spec === undefined) continue
      const now = this.#now(spec)
      const isAnew = next === 0
      if (isAnew) table.move(processId, ordinal, last, nextTick(spec, Math.min(now, last)))
      // While the clock shows times whose ticks may be done, the next one tells where it is.
      const from = now >= last ? last : isAnew ? now : next - 1
      const due = dueTicks(spec, from, now, options.cronCatchUpMax)
      for (const position of due) ticks.push({ spec, ordinal, position })
    }
    for (const tick of ticks.sort(compareTicks)) {
      // Unmonitored meanwhile, or closing: what is not scheduled yet must not be.
      if (this.#stopped || !table.has(processId)) return
      await this.#schedule(tick, sender)
    }
  }

  async #schedule(tick: Tick, sender: Sender): Promise<void> {
    const { scheduler, table, log, metrics } = this.#deps
    const { spec, ordinal, position } = tick
    try {
      await scheduler.schedule(await this.#item(tick, sender))
      metrics.count('cron_ticks', 'Cron ticks given a slot')
    } catch (error) {
      if (!isHeddleError(error, 'message-exists')) {
        if (!isHeddleError(error) || error.kind !== 'invalid') throw error
        const fields = { tick: tickName(sender.processId, spec, position), error: error.message }
        log.error(fields, 'cron tick refused for good; it is skipped')
      }
    }
    if (!this.#stopped) table.move(sender.processId, ordinal, position, nextTick(spec, position))
  }

  #item({ spec, position }: Tick, { processId }: Sender) {
    const { interval, unit, tags } = spec
    const deliveryId = tickName(processId, spec, position)
    const draft = tickDraft({ processId, interval, unit, position, deliveryId, tags })
    return createItem(draft, this.#deps.signer, this.#deps.engine)
  }

  #specs(sender: Sender): CronSpec[] {
    const spawned = { timestampMs: sender.spawnedMs, blockHeight: sender.spawnHeight }
    return cronSpecs(sender.tags, spawned, this.#deps.options.cronIntervalsMax)
  }

  #now(spec: CronSpec): number {
    return spec.unit === 'time' ? this.#nowMs() : this.#deps.baseLayer.tip().height
  }

  #elapsedMs(): number {
    return this.#deps.runtime.clock.elapsedMs()
  }

  #nowMs(): number {
    return Math.floor(this.#deps.runtime.clock.nowMs())
  }
}
