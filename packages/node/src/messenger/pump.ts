import { errorMessage } from '@heddle/protocol/base'
import type { Cancel } from '../runtime/index.ts'
import type { Lanes } from './lanes.ts'
import type { LetterTable } from './letter-table.ts'
import { emitsAnything, type Letter, lettersOf } from './letters.ts'
import type { MessengerOptions } from './options.ts'
import type { Evaluation, MessengerDeps } from './ports.ts'
import type { Senders, SlotOut } from './senders.ts'
import type { State } from './state.ts'
import { cursorOf, openSlot, settleLetter, type Window } from './window.ts'

type Deps = Pick<MessengerDeps, 'scheduler' | 'compute' | 'log' | 'runtime'> & {
  readonly lanes: Lanes
  readonly letters: LetterTable
  readonly state: Pick<State, 'touch'>
  readonly senders: Senders
  readonly options: Pick<MessengerOptions, 'pendingMax' | 'retryBaseMs'>
}

type Reading = {
  readonly window: Window
  /** Slots before this may have letters with rows: an earlier run read them too. */
  readonly rereadTo: number
  busy: boolean
}

const slotsPerRead = 64
const bytesPerRead = 16 * 1024 * 1024
const readsAtOnce = 8
/** After so many, which may all have become rows, others get their turn. */
const lettersPerTurn = 250

/**
 * Reads the outbox (the durable results of compute) in slot order, one reader per process, and posts
 * what it finds. Its only memory is a cursor per process; it stops reading while too much is under way.
 */
export class Pump {
  readonly #deps: Deps
  readonly #readings = new Map<string, Reading>()
  /** Processes with something to read, in order of arrival. */
  readonly #ready = new Set<string>()
  readonly #moved = new Set<string>()
  /**
   * Processes of which an earlier run left rows for slots not all through. A letter of such a slot may
   * have been in memory only, so their lanes wait until those slots are read again, or rows overtake it.
   */
  readonly #rereading: Set<string>
  /** Processes whose results could not be read just now. */
  readonly #failed = new Set<string>()
  #reads = 0
  /** Letters posted in this turn of the event loop, about. */
  #posted = 0
  #again: Cancel | undefined
  #stopped = false

  constructor(deps: Deps) {
    this.#deps = deps
    this.#rereading = new Set(deps.letters.unread())
  }

  /** Tells that a process may have results to read. */
  notice(processId: string): void {
    if (this.#stopped) return
    this.#ready.add(processId)
    this.resume()
  }

  /** Looks through all processes for results no earlier run got through. */
  catchUp(): void {
    const { scheduler, compute, letters } = this.#deps
    for (const processId of this.#rereading) this.#ready.add(processId)
    for (const processId of scheduler.processes()) {
      if (compute.evaluatedHead(processId) > letters.cursor(processId)) this.#ready.add(processId)
    }
    this.resume()
  }

  /** A letter of a slot is delivered or has a row. */
  settled(letter: Letter): void {
    const reading = this.#readings.get(letter.processId)
    if (reading === undefined) return
    settleLetter(reading.window, letter.slot)
    this.#noteMoved(letter.processId)
    this.resume()
  }

  /** Writes the cursors that moved; to be called just before a commit. */
  writeCursors(): void {
    for (const processId of this.#moved) {
      const reading = this.#readings.get(processId)
      if (reading === undefined) continue
      this.#deps.letters.setCursor(processId, cursorOf(reading.window))
      const isIdle = reading.window.open.length === 0 && !reading.busy
      if (isIdle && !this.#ready.has(processId)) this.#readings.delete(processId)
    }
    this.#moved.clear()
  }

  /** First slot of a process not through, as of now. */
  cursor(processId: string): number {
    const reading = this.#readings.get(processId)
    return reading === undefined ? this.#deps.letters.cursor(processId) : cursorOf(reading.window)
  }

  /** False while the lanes of a process must wait for its slots to be read again. */
  mayRun(processId: string): boolean {
    return !this.#rereading.has(processId)
  }

  /** True where the disk holds as many undelivered letters as it may. */
  get isFull(): boolean {
    return this.#deps.letters.pending >= this.#deps.options.pendingMax
  }

  /** Reads on where there is room. */
  resume(): void {
    for (const processId of this.#ready) {
      if (this.#stopped || this.#reads >= readsAtOnce) return
      if (this.#hasNoRoom && !this.#rereading.has(processId)) {
        if (this.#rereading.size === 0) return
        continue
      }
      if (this.#readings.get(processId)?.busy === true) continue
      this.#ready.delete(processId)
      void this.#readSome(processId)
    }
  }

  /** Slots to be read again come in all the same: rows wait for them, and room may wait for the rows. */
  get #hasNoRoom(): boolean {
    return this.isFull || this.#deps.lanes.isFull
  }

  stop(): void {
    this.#stopped = true
    this.#again?.()
  }

  async #readSome(processId: string): Promise<void> {
    this.#reads++
    try {
      const reading = this.#readingOf(processId)
      reading.busy = true
      const isMore = await this.#read(processId, reading).finally(() => {
        reading.busy = false
      })
      if (isMore) this.#ready.add(processId)
      if (!isMore || reading.window.next >= reading.rereadTo) this.#endReread(processId)
    } catch (error) {
      this.#postpone(processId, error)
    } finally {
      this.#reads--
      this.#noteMoved(processId)
    }
    this.resume()
  }

  async #read(processId: string, reading: Reading): Promise<boolean> {
    const { scheduler, compute } = this.#deps
    // What another scheduler orders is pushed by the messenger beside it.
    if (scheduler.head(processId) === 0) return false
    const { next } = reading.window
    const evaluations = await compute.evaluations(processId, next, slotsPerRead, bytesPerRead)
    const gapless = evaluations.filter((one, at) => one.slot === next + at)
    const slots = await this.#withOrigins(processId, gapless)
    if (this.#stopped) return false
    for (const evaluation of gapless) {
      await this.#post(reading, evaluation, slots.get(evaluation.slot))
      if (this.#stopped) return false
    }
    return gapless.length > 0 && compute.evaluatedHead(processId) > reading.window.next
  }

  /** Reads the log only from the first to the last slot that emitted something. */
  async #withOrigins(
    processId: string,
    evaluations: readonly Evaluation[],
  ): Promise<Map<number, SlotOut>> {
    const emits = (evaluation: Evaluation) => emitsAnything(evaluation.result)
    const from = evaluations.findIndex(emits)
    if (from < 0) return new Map()
    const range = evaluations.slice(from, evaluations.findLastIndex(emits) + 1)
    const slots = await this.#deps.senders.withOrigins(processId, range)
    return new Map(slots.map((slot) => [slot.evaluation.slot, slot]))
  }

  /** Posts what a slot emitted. */
  async #post(
    reading: Reading,
    { processId, slot, result }: Evaluation,
    out?: SlotOut,
  ): Promise<void> {
    const { lanes, letters } = this.#deps
    const found = out === undefined ? [] : lettersOf(processId, out.epoch, slot, result)
    openSlot(reading.window, slot, found.length)
    if (out === undefined) return
    for (const letter of found) {
      if (slot < reading.rereadTo && letters.find(letter) !== undefined) this.settled(letter)
      else lanes.post(letter, out)
      if (++this.#posted < lettersPerTurn) continue
      this.#posted = 0
      await this.#deps.runtime.timer.sleep(0)
      if (this.#stopped) return
    }
  }

  #readingOf(processId: string): Reading {
    const known = this.#readings.get(processId)
    if (known !== undefined) return known
    const { letters } = this.#deps
    const window: Window = { next: letters.cursor(processId), open: [] }
    const reading = { window, rereadTo: letters.lastSlot(processId) + 1, busy: false }
    this.#readings.set(processId, reading)
    return reading
  }

  #endReread(processId: string): void {
    if (this.#rereading.delete(processId) && !this.#stopped) this.#deps.lanes.sweep()
  }

  #noteMoved(processId: string): void {
    this.#moved.add(processId)
    this.#deps.state.touch()
  }

  /** The results are durable, so reading them is tried again until it works. */
  #postpone(processId: string, error: unknown): void {
    if (this.#stopped) return
    this.#deps.log.error({ processId, error: errorMessage(error) }, 'the outbox cannot be read')
    this.#failed.add(processId)
    this.#again ??= this.#deps.runtime.timer.after(this.#deps.options.retryBaseMs, () => {
      this.#again = undefined
      for (const failed of this.#failed) this.#ready.add(failed)
      this.#failed.clear()
      this.resume()
    })
  }
}
