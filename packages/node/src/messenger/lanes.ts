import { errorMessage } from '@heddle/protocol/base'
import type { Cancel } from '../runtime/index.ts'
import type { Deliverer, Outcome } from './deliver.ts'
import type { Fates } from './fates.ts'
import type { LetterTable, StoredLetter } from './letter-table.ts'
import { field, type Letter, outgoingAt } from './letters.ts'
import type { MessengerOptions } from './options.ts'
import type { MessengerDeps } from './ports.ts'
import type { SlotOut } from './senders.ts'

type Deps = Pick<MessengerDeps, 'log' | 'runtime'> & {
  readonly deliverer: Pick<Deliverer, 'deliver'>
  readonly letters: LetterTable
  readonly fates: Fates
  readonly options: Pick<MessengerOptions, 'freshMax' | 'freshBytesMax' | 'retryCapMs'>
  /** Every letter gets a row before its first attempt: for keys that sign at random. */
  readonly rowsFirst: boolean
  /** A fresh letter is delivered or has a row. */
  onSettled(letter: Letter): void
  /** There is one row less. */
  onRoom(): void
  /** False while rows of a sender must wait. */
  mayRun(processId: string): boolean
}

/** Letters of one sender for one receiver, delivered one at a time. */
type Lane = {
  readonly processId: string
  readonly target: string
  /** Not yet tried and without a row; their slots hold the sender's cursor back. */
  readonly fresh: FreshLetter[]
  /** Rows are waiting: new letters become rows as well, or they would overtake. */
  hasRows: boolean
}

type FreshLetter = { readonly letter: Letter; readonly slot: SlotOut; readonly bytes: number }

/** Lanes with rows that run at one time; the others keep their alarm. */
const rowLanesMax = 256
const sweepDelayMs = 5
/** What a letter takes in memory beside its data, about. */
const letterBytes = 1024
/**
 * Reading stops at `freshMax` letters, but pages under way still come in, and one slot may emit any
 * number. Beyond this many times the limit letters become rows, or memory would grow with them.
 */
const overflow = 4

/**
 * Keeps order per (sender, receiver) and forgets nothing. A letter first tries to go through without
 * touching the disk. If it fails, it and all behind it in its lane become rows, and the lane waits.
 */
export class Lanes {
  readonly #deps: Deps
  readonly #lanes = new Map<string, Lane>()
  readonly #running = new Set<Promise<void>>()
  #fresh = 0
  #freshBytes = 0
  #rowLanes = 0
  #alarm: { readonly atMs: number; readonly cancel: Cancel } | undefined
  #stopped = false

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** True where memory holds as many fresh letters as it should. */
  get isFull(): boolean {
    return this.#exceeds(1)
  }

  /** Fresh letters of one sender, as (target, letter) in lane order. */
  freshOf(processId: string): Letter[] {
    const lanes = [...this.#lanes.values()].filter((lane) => lane.processId === processId)
    return lanes.flatMap((lane) => lane.fresh.map((one) => one.letter))
  }

  /** Takes a letter of a slot just read. */
  post(letter: Letter, slot: SlotOut): void {
    const { letters, rowsFirst } = this.#deps
    if (letter.defect !== undefined) {
      this.#deps.fates.die(letter, letter.defect)
      this.#deps.onSettled(letter)
      return
    }
    const lane = this.#lanes.get(keyOf(letter))
    const hasRows = lane?.hasRows ?? letters.hasAlarm(letter.processId, letter.target)
    if (rowsFirst || hasRows || this.#exceeds(overflow)) {
      this.file(letter)
      this.#deps.onSettled(letter)
      return
    }
    const bytes = letterBytes + dataLength(outgoingAt(slot.evaluation.result, letter.index))
    this.#fresh++
    this.#freshBytes += bytes
    if (lane !== undefined) lane.fresh.push({ letter, slot, bytes })
    else this.#start(letter, [{ letter, slot, bytes }], false)
  }

  /** Gives a letter a row and sets its lane going, unless the lane is waiting for a retry. */
  file(letter: Letter): void {
    if (letter.defect !== undefined) {
      this.#deps.fates.die(letter, letter.defect)
      return
    }
    const { fates, letters } = this.#deps
    fates.wait(letter)
    const isNewAlarm = letters.setAlarm(letter.processId, letter.target, fates.nowMs, true)
    const lane = this.#lanes.get(keyOf(letter))
    if (lane !== undefined) lane.hasRows = true
    else if (isNewAlarm) this.#start(letter, [], true)
    else this.#setAlarm(sweepDelayMs)
  }

  /** Tries letters that have rows now, whatever their alarm says. */
  wake(letters: readonly Letter[]): void {
    for (const letter of letters) {
      this.#deps.letters.setAlarm(letter.processId, letter.target, this.#deps.fates.nowMs)
      const lane = this.#lanes.get(keyOf(letter))
      if (lane !== undefined) lane.hasRows = true
    }
    this.sweep()
  }

  /** Starts the lanes that are due and sets the alarm for the rest. */
  sweep(): void {
    this.#alarm?.cancel()
    this.#alarm = undefined
    const { fates, letters, options } = this.#deps
    if (this.#stopped || letters.pending === 0) return
    const { nowMs } = fates
    // Lanes under way are due as well; reading past them keeps them from hiding others.
    for (const lane of letters.due(nowMs, nowMs + options.retryCapMs, 2 * rowLanesMax)) {
      if (!this.#lanes.has(keyOf(lane))) this.#start(lane, [], true)
    }
    // A lane that found no place is started when one ends: every end sets the alarm.
    const nextMs = letters.nextAlarm(nowMs)
    if (nextMs !== undefined) this.#setAlarm(Math.max(nextMs - nowMs, sweepDelayMs))
  }

  /** Ends after the deliveries under way; resolves when they are done. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#alarm?.cancel()
    await Promise.all(this.#running)
  }

  /** An earlier alarm stays: the sweep it brings sets the next one. */
  #setAlarm(delayMs: number): void {
    const atMs = this.#deps.fates.nowMs + delayMs
    if (this.#stopped || (this.#alarm !== undefined && this.#alarm.atMs <= atMs)) return
    this.#alarm?.cancel()
    this.#alarm = { atMs, cancel: this.#deps.runtime.timer.after(delayMs, () => this.sweep()) }
  }

  #start(of: { processId: string; target: string }, fresh: FreshLetter[], hasRows: boolean): void {
    const mustWait = !this.#deps.mayRun(of.processId) || this.#rowLanes >= rowLanesMax
    if (this.#stopped || (hasRows && mustWait)) return
    if (hasRows) this.#rowLanes++
    const lane: Lane = { processId: of.processId, target: of.target, fresh, hasRows }
    this.#lanes.set(keyOf(lane), lane)
    const run = this.#run(lane)
      .catch((error: unknown) => {
        // The state file failed; the courier is being replaced, and reads everything again.
        if (!this.#stopped) this.#deps.log.error({ error: errorMessage(error) }, 'a lane ended')
      })
      .finally(() => {
        this.#leave(lane)
        if (hasRows) this.#rowLanes--
        this.#running.delete(run)
        if (this.#deps.letters.pending > 0) this.#setAlarm(sweepDelayMs)
      })
    this.#running.add(run)
  }

  async #run(lane: Lane): Promise<void> {
    while (!this.#stopped) {
      const row = lane.hasRows ? this.#firstRow(lane) : undefined
      const fresh = lane.fresh[0]
      let goesOn: boolean
      if (row !== undefined && (fresh === undefined || isBefore(row, fresh.letter))) {
        goesOn = await this.#tryRow(lane, row)
      } else if (fresh !== undefined) goesOn = await this.#tryFresh(lane, fresh)
      else goesOn = this.#leave(lane)
      if (!goesOn) return
    }
  }

  #firstRow(lane: Lane): StoredLetter | undefined {
    const { letters } = this.#deps
    const row = letters.first(lane.processId, lane.target)
    if (row !== undefined) return row
    lane.hasRows = false
    letters.dropAlarm(lane.processId, lane.target)
    return undefined
  }

  async #tryFresh(lane: Lane, first: FreshLetter): Promise<boolean> {
    const { deliverer, fates } = this.#deps
    const { letter, slot } = first
    const outcome = await deliverer.deliver(letter, slot)
    if (this.#stopped) return false
    const nextMs = outcome.state === 'retry' ? fates.fail(letter, outcome.error) : undefined
    if (outcome.state !== 'retry') this.#end(letter, outcome)
    lane.fresh.shift()
    this.#settleFresh(first)
    return nextMs === undefined ? true : this.#rest(lane, nextMs)
  }

  /** Tries the first row of a lane; false where the lane must wait. */
  async #tryRow(lane: Lane, letter: StoredLetter): Promise<boolean> {
    const { deliverer, fates, onRoom } = this.#deps
    const outcome = await deliverer.deliver(letter, undefined)
    if (this.#stopped) return false
    if (outcome.state === 'retry') {
      const nextMs = fates.fail(letter, outcome.error)
      if (nextMs !== undefined) return this.#rest(lane, nextMs)
    } else this.#end(letter, outcome)
    onRoom()
    return true
  }

  #end(letter: Letter, outcome: Exclude<Outcome, { state: 'retry' }>): void {
    const { fates } = this.#deps
    if (outcome.state === 'dead') fates.die(letter, outcome.error)
    else if (outcome.state === 'kept') fates.keep(letter)
    else {
      // In one transaction: what follows is there, or its cause comes again.
      for (const next of outcome.next) this.file(next)
      fates.deliver(letter)
    }
  }

  /** Ends a lane until `nextMs`; what is fresh in it becomes rows. */
  #rest(lane: Lane, nextMs: number): false {
    const { fates, letters } = this.#deps
    letters.setAlarm(lane.processId, lane.target, nextMs)
    for (const one of lane.fresh.splice(0)) {
      fates.wait(one.letter)
      this.#settleFresh(one)
    }
    return this.#leave(lane)
  }

  /** Ends a lane in the same turn in which it was found empty, so that no letter slips in between. */
  #leave(lane: Lane): false {
    if (this.#lanes.get(keyOf(lane)) === lane) this.#lanes.delete(keyOf(lane))
    return false
  }

  #settleFresh({ letter, bytes }: FreshLetter): void {
    this.#fresh--
    this.#freshBytes -= bytes
    this.#deps.onSettled(letter)
  }

  #exceeds(times: number): boolean {
    const { freshMax, freshBytesMax } = this.#deps.options
    return this.#fresh >= freshMax * times || this.#freshBytes >= freshBytesMax * times
  }
}

function dataLength(outgoing: unknown): number {
  const data = field(outgoing, 'Data')
  return typeof data === 'string' ? data.length : 0
}

function isBefore(a: Letter, b: Letter): boolean {
  return (a.slot - b.slot || a.index - b.index || a.part - b.part) < 0
}

function keyOf(lane: { processId: string; target: string }): string {
  return `${lane.processId} ${lane.target}`
}
