import { equalBytes, isHeddleError } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { createItem, type Item, ownerAddress, type Signer } from '@heddle/protocol/item'
import {
  type Assignment,
  assignmentDraft,
  hashChainNext,
  hashChainStart,
  type LogEntry,
} from '@heddle/protocol/message'
import type { OrderedLog } from '../journal/index.ts'
import type { Clock } from '../runtime/index.ts'
import { catchUp, indexRow } from './catch-up.ts'
import type { EntryIndex } from './entry-index.ts'
import { messageExists, notDurable, otherKey, unknownProcess } from './errors.ts'
import type { Receipt } from './face.ts'
import { type LogReader, receiptOf } from './log-reader.ts'
import type { BaseLayer } from './ports.ts'
import { decodeAssignment, encodeRecord } from './record.ts'

/** An item to be given the next slot. */
export type SlotRequest = {
  /** Opens the log: slot 0. */
  readonly spawns: boolean
  readonly messageId: string
  /** Undefined where an existing item is assigned by id. */
  readonly message: Item | undefined
  readonly deliveryKey: string | undefined
  readonly exclude: readonly string[]
  /** When it was taken in. */
  readonly receivedMs: number
}

/** What all logs of a scheduler share. */
export type LogContext = {
  readonly journal: OrderedLog
  /** Epoch of the claim this scheduler writes under. */
  readonly writerEpoch: number
  readonly signer: Signer
  readonly engine: CryptoEngine
  readonly clock: Clock
  readonly baseLayer: BaseLayer
  readonly index: EntryIndex
  readonly reader: LogReader
  /** Waits where a burst of signatures has held the event loop long enough. */
  breathe(): Promise<void> | undefined
  hosted(): number
  epochAtLeast(processId: string): number
  onDurable(entry: LogEntry, receivedMs: number): void
  onSigned(assignment: Item): void
}

type Job = SlotRequest & {
  resolve(receipt: Receipt): void
  reject(error: unknown): void
}

/** An assignment handed to the journal and not yet durable. */
type Flight = {
  readonly job: Job
  readonly entry: LogEntry
  /** Equal items that came meanwhile; they learn their answer with the first. */
  readonly repeats: Job[]
}

/**
 * Orders one process. Slots are given one at a time, since each chain value needs the assignment
 * before it, but without waiting for the disk: any number are in flight and share group commits.
 * When an append fails, everything after it in flight fails too and the head goes back to what the
 * journal holds; assignments that failed were never shown to anyone, so signing the slot anew is no
 * double assignment.
 */
export class ProcessLog {
  readonly processId: string
  readonly #context: LogContext
  readonly #waiting: Job[] = []
  readonly #flights: Flight[] = []
  readonly #flightOf = new Map<string, Flight>()
  #last: Assignment | undefined
  /** `#last` and the index must be read from the journal before the next slot is given. */
  #stale = true
  /** Why the first of the failed flights failed. */
  #cause: unknown
  #draining = false
  #onLanded: (() => void) | undefined

  constructor(processId: string, context: LogContext) {
    this.processId = processId
    this.#context = context
  }

  /** Nothing would be lost if this object were dropped: it can be read from the journal again. */
  get idle(): boolean {
    return !this.#draining && this.#waiting.length === 0 && this.#flights.length === 0
  }

  /** Gives the next slot; resolves when durable. Throws as `SchedulerFace.schedule`. */
  submit(request: SlotRequest): Promise<Receipt> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...request, resolve, reject })
      void this.#drain()
    })
  }

  async #drain(): Promise<void> {
    if (this.#draining) return
    this.#draining = true
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      try {
        if (this.#stale) await this.#reload()
        if (!this.#isRepeat(job)) {
          const assignment = await this.#sign(job)
          // An append failed while this was signed, on a chain that is no more: begin again.
          if (this.#stale) this.#waiting.unshift(job)
          else this.#append(job, assignment)
        }
      } catch (error) {
        job.reject(error)
      }
      await this.#context.breathe()
    }
    this.#draining = false
  }

  /** Answers a repeat of something in flight or in the log. A repeat in flight waits for the first. */
  #isRepeat(job: Job): boolean {
    const { index, reader } = this.#context
    const { deliveryKey, messageId } = job
    const twin = this.#flightOf.get(messageId) ?? this.#flightOf.get(deliveryKey ?? '')
    if (twin !== undefined) {
      twin.repeats.push(job)
      return true
    }
    const slot =
      index.slotOf(this.processId, messageId) ??
      (deliveryKey === undefined ? undefined : index.deliverySlot(this.processId, deliveryKey)) ??
      // A process is slot 0 of its log and never another, even where the index has lost its id.
      (job.spawns && this.#last !== undefined ? 0 : undefined)
    if (slot === undefined) return false
    reader
      .receipt(this.processId, slot)
      .then((receipt) => job.reject(messageExists(receipt)))
      .catch(job.reject)
    return true
  }

  async #sign(job: Job): Promise<Assignment> {
    const { baseLayer, clock, engine, epochAtLeast, hosted, signer } = this.#context
    const last = this.#last
    if (last === undefined && !job.spawns) throw unknownProcess(this.processId, hosted())
    if (last !== undefined && !equalBytes(last.item.owner, signer.owner)) {
      throw otherKey(this.processId, ownerAddress(last.item, engine))
    }
    const statement = {
      processId: this.processId,
      epoch: Math.max(last?.epoch ?? 0, epochAtLeast(this.processId)),
      slot: last === undefined ? 0 : last.slot + 1,
      hashChain:
        last === undefined
          ? hashChainStart(this.processId, engine)
          : hashChainNext(last.item.id, last.hashChain, engine),
      blockHeight: Math.max(baseLayer.height(), last?.blockHeight ?? 0),
      // Paging by time needs them to rise, whatever the wall clock does.
      timestampMs: Math.max(clock.nowMs(), (last?.timestampMs ?? 0) + 1),
      messageId: job.messageId,
      exclude: job.exclude,
    }
    const item = await createItem(assignmentDraft(statement), signer, engine)
    this.#context.onSigned(item)
    return { ...statement, item }
  }

  #append(job: Job, assignment: Assignment): void {
    const { journal, writerEpoch } = this.#context
    const flight = { job, entry: { assignment, message: job.message }, repeats: [] }
    this.#last = assignment
    this.#flights.push(flight)
    for (const key of flightKeys(job)) this.#flightOf.set(key, flight)
    const record = encodeRecord(assignment.item, job.message)
    journal.append(this.processId, assignment.slot, writerEpoch, [record]).then(
      () => this.#land(assignment.slot),
      (error: unknown) => this.#fail(flight, error),
    )
  }

  /** A durable slot makes all slots before it durable: the log has no gaps. */
  #land(slot: number): void {
    for (let flight = this.#flights[0]; flight !== undefined; flight = this.#flights[0]) {
      if (flight.entry.assignment.slot > slot) break
      this.#flights.shift()
      this.#settle(flight)
    }
    this.#wake()
  }

  #settle({ entry, job, repeats }: Flight): void {
    const receipt = receiptOf(entry)
    for (const key of flightKeys(job)) this.#flightOf.delete(key)
    try {
      this.#context.index.add(indexRow(entry, this.#context.engine))
    } catch {
      // The slot stands all the same; reloading indexes it before the next slot is given.
      this.#stale = true
    }
    job.resolve(receipt)
    for (const repeat of repeats) repeat.reject(messageExists(receipt))
    this.#context.onDurable(entry, job.receivedMs)
  }

  #fail(flight: Flight, error: unknown): void {
    const at = this.#flights.indexOf(flight)
    if (at < 0) return
    this.#flights.splice(at, 1)
    for (const key of flightKeys(flight.job)) this.#flightOf.delete(key)
    this.#cause ??= error
    this.#stale = true
    flight.job.reject(isTooLarge(error) ? error : notDurable(this.processId, this.#cause))
    this.#waiting.push(...flight.repeats)
    this.#wake()
    void this.#drain()
  }

  /** Waits for all flights, then takes the head of the log and of the index from the journal. */
  async #reload(): Promise<void> {
    const { engine, index, journal } = this.#context
    while (this.#flights.length > 0) {
      await new Promise<void>((resolve) => {
        this.#onLanded = resolve
      })
    }
    await catchUp(this.processId, journal, index, engine)
    const head = journal.head(this.processId)
    const [record] = head === 0 ? [] : await journal.read(this.processId, head - 1, 1)
    this.#last = record && decodeAssignment(this.processId, record, engine)
    this.#cause = undefined
    this.#stale = false
  }

  #wake(): void {
    if (this.#flights.length > 0) return
    this.#onLanded?.()
    this.#onLanded = undefined
  }
}

function flightKeys({ deliveryKey, messageId }: Job): string[] {
  return deliveryKey === undefined ? [messageId] : [messageId, deliveryKey]
}

/** The one refusal of the journal that is about the item itself: sending it again will not help. */
function isTooLarge(error: unknown): boolean {
  return isHeddleError(error, 'record-too-large') || isHeddleError(error, 'append-too-large')
}
