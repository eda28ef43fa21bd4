import { assert, errorMessage, isHeddleError } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Decider, digestResult, resultChainNext } from '@heddle/protocol/digest'
import { errorResult } from '@heddle/protocol/message'
import type { Timer } from '../../runtime/index.ts'
import { Semaphore } from '../../runtime/index.ts'
import type { CheckpointDelta, Checkpoints } from '../checkpoint/index.ts'
import { chainBefore } from '../digest/chain-before.ts'
import { computeClosed, logUnreadable, lossOf, processUnstable } from '../errors.ts'
import type { ComputeOptions } from '../options.ts'
import type { ComputeThread } from '../pool/compute-thread.ts'
import type { Report } from '../ports.ts'
import { encodeRecord } from '../results/record.ts'
import type { ResultLog } from '../results/result-log.ts'
import type { Footprint, Outcome, WorkMessage } from '../worker/protocol.ts'
import { Gathering } from './gathering.ts'
import type { HostedProcess } from './hosted-process.ts'
import {
  type PrepareDependencies,
  type PreparedBatch,
  type PreparedSlot,
  prepareSlots,
} from './prepare.ts'
import type { Residents } from './residents.ts'
import { saveCheckpoint } from './save-checkpoint.ts'

/** Threads a process may lose in a row, without being seen to be the cause, before it pauses. */
const lossesMax = 3
/** Batches of live processes in hand at once, and processes that are being woken. */
const batchesMax = 64
const wakingMax = 16
/** A message of so much gas, some tenths of a second, holds up the neighbours of its process. */
const heavyGas = 250_000_000
/** After so many lighter messages a process is like any other again. */
const heavyMessages = 64
/** Entries that are worth reading ahead of their turn while the thread has other work. */
const prefetchedLeast = 8

type EvaluatorDependencies = PrepareDependencies & {
  readonly residents: Residents
  readonly results: ResultLog
  readonly checkpoints: Checkpoints
  readonly options: ComputeOptions
  readonly timer: Timer
  readonly warn: Report
  readonly signal: AbortSignal
}

/**
 * Takes a process from its next slot to the head of its log: read and check entries, have them
 * evaluated, hand the results to the disk. The next entries are read while the thread is busy.
 */
export class Evaluator {
  readonly #dependencies: EvaluatorDependencies
  /**
   * Batches in hand at once, of live processes and of those that wake first. Who had a turn goes to
   * the end of the line: a long backlog delays no other process by more than a batch, thousands
   * that wake do not delay those that are live, and what is read ahead of the threads is bounded.
   */
  readonly #turns = new Semaphore(batchesMax)
  readonly #wakes = new Semaphore(wakingMax)
  readonly #gatherings = new WeakMap<ComputeThread, Gathering>()
  /** Suspects get a thread each: one at a time, or many of them would be many threads. */
  readonly #alone = new Semaphore(1)
  readonly #saves = new Set<Promise<void>>()

  constructor(dependencies: EvaluatorDependencies) {
    this.#dependencies = dependencies
  }

  /** Evaluates until nothing is left. Rejects with what stops the process, for good or for now. */
  async run(process: HostedProcess): Promise<void> {
    const { log, results, signal } = this.#dependencies
    const goesOn = () => !signal.aborted && process.halt === undefined
    while (goesOn() && results.head(process.id) < log.head(process.id)) {
      if (process.thread !== undefined) await this.#gathering(process.thread).wait()
      const line = process.thread === undefined ? this.#wakes : this.#turns
      await line.run(() => process.lane.run(() => this.#step(process)))
    }
  }

  /** Ends when no checkpoint is being written. */
  async close(): Promise<void> {
    await Promise.all(this.#saves)
  }

  async #step(process: HostedProcess): Promise<void> {
    const { results, options } = this.#dependencies
    const batch = await this.#takeBatch(process)
    const next = batch.fromSlot + batch.slots.length
    // Where others wait, what is read now would only lie about.
    if (batch.problem === undefined && this.#turns.waiting === 0) this.#prefetch(process, batch)
    else process.previous = batch.slots.at(-1)?.assignment ?? process.previous
    await results.durable(process.id, next - options.undurableResults)
    if (batch.slots.length > 0) await this.#evaluate(process, batch.slots)
    // Told only once all before it have their results.
    if (batch.problem !== undefined && results.head(process.id) === next) throw batch.problem
  }

  #gathering(thread: ComputeThread): Gathering {
    const known = this.#gatherings.get(thread)
    if (known !== undefined) return known
    const gathering = new Gathering(this.#dependencies.timer)
    this.#gatherings.set(thread, gathering)
    return gathering
  }

  async #takeBatch(process: HostedProcess): Promise<PreparedBatch> {
    const fromSlot = this.#dependencies.results.head(process.id)
    const pending = process.prefetched
    process.prefetched = undefined
    const prefetched = await pending
    const usable = prefetched?.fromSlot === fromSlot
    // One that found nothing may be older than what came since.
    if (usable && (prefetched.slots.length > 0 || prefetched.problem)) return prefetched
    return await this.#prepare(process, fromSlot)
  }

  #prefetch(process: HostedProcess, batch: PreparedBatch): void {
    const last = batch.slots.at(-1)
    if (last === undefined) return
    process.previous = last.assignment
    const fromSlot = batch.fromSlot + batch.slots.length
    const unread = this.#dependencies.log.head(process.id) - fromSlot
    const { thread } = process
    const othersRun = thread !== undefined && this.#gathering(thread).busy
    // While others run, what little there is gathers more until the process has its next turn.
    if (unread < (othersRun ? prefetchedLeast : 1)) return
    const prefetched = this.#prepare(process, fromSlot)
    // Whoever takes it gets the error; nobody may.
    prefetched.catch(() => undefined)
    process.prefetched = prefetched
  }

  async #prepare(process: HostedProcess, fromSlot: number): Promise<PreparedBatch> {
    const { log, residents, options } = this.#dependencies
    const facts = await residents.facts(process)
    const entries = await log.entries(process.id, fromSlot, process.batchMessages)
    if (entries.length === 0) throw logUnreadable(process.id, fromSlot)
    const previous = await this.#previous(process, fromSlot)
    const batch = await prepareSlots(this.#dependencies, facts, fromSlot, entries, previous)
    const bytes = batch.slots.reduce((sum, slot) => sum + slot.bytes, 0)
    const fits = Math.floor(options.batchBytes / (bytes / Math.max(1, batch.slots.length) + 1))
    const most = Math.min(options.batchMessages, process.batchMessages * 2)
    process.batchMessages = Math.max(1, Math.min(most, fits))
    return batch
  }

  /** The assignment before `fromSlot`; its own chain was checked before it was evaluated. */
  async #previous(process: HostedProcess, fromSlot: number) {
    if (fromSlot === 0) return undefined
    if (process.previous?.slot === fromSlot - 1) return process.previous
    const [entry] = await this.#dependencies.log.entries(process.id, fromSlot - 1, 1)
    return entry?.assignment
  }

  async #evaluate(process: HostedProcess, slots: readonly PreparedSlot[]): Promise<void> {
    process.resultChain ??= await this.#chainBefore(process)
    const run = new BatchRun(process, slots, this.#dependencies)
    // A suspect is tried alone: nothing else may be lost with it, and nothing else may be to blame.
    const limit = process.suspectSlot === undefined ? slots.length : 1
    const work = run.workUpTo(limit)
    if (work.length === 0) return run.finish(limit)
    try {
      if (process.suspectSlot === undefined) await this.#evaluateOn(process, run, work)
      else await this.#alone.run(() => this.#evaluateAlone(process, run, work))
      run.finish(limit)
      process.losses = 0
    } catch (error) {
      this.#recover(process, error)
    }
  }

  async #chainBefore(process: HostedProcess): Promise<Uint8Array> {
    const { results } = this.#dependencies
    await results.durable(process.id, results.head(process.id))
    return await chainBefore(this.#dependencies, process.id, results.durableHead(process.id))
  }

  async #evaluateOn(
    process: HostedProcess,
    run: BatchRun,
    messages: readonly WorkMessage[],
  ): Promise<void> {
    const { residents } = this.#dependencies
    const thread = await residents.thread(process)
    if (thread === undefined) {
      const { broken } = await residents.facts(process)
      assert(broken !== undefined, 'a process that is not live is broken')
      return run.fail(messages.length, broken)
    }
    const evaluating = {
      onOutcome: (outcome: Outcome) => run.take(outcome),
      onCheckpoint: (delta: CheckpointDelta) => this.#save(process, thread, delta),
    }
    const request = { kind: 'evaluate', processId: process.id, messages } as const
    const done = await this.#gathering(thread).run(() => thread.request(request, evaluating))
    residents.measure(process, done as Footprint)
    await residents.setApart(process)
  }

  async #evaluateAlone(
    process: HostedProcess,
    run: BatchRun,
    messages: readonly WorkMessage[],
  ): Promise<void> {
    try {
      await this.#evaluateOn(process, run, messages)
      if (messages.at(-1)?.slot === process.suspectSlot) process.suspectSlot = undefined
    } finally {
      const { thread } = process
      this.#dependencies.residents.drop(process)
      await thread?.close()
    }
  }

  /** Decides what a failed request means; the process is then brought back by the next step. */
  #recover(process: HostedProcess, error: unknown): void {
    const { residents, results, signal, options, warn } = this.#dependencies
    process.prefetched = undefined
    residents.drop(process)
    if (signal.aborted) throw computeClosed()
    const loss = lossOf(error)
    // What is missing is no accident: the process waits for it.
    if (loss === undefined && isHeddleError(error) && error.kind === 'missing') throw error
    const slot = results.head(process.id)
    warn({ processId: process.id, slot, error }, 'evaluation interrupted')
    if (loss?.number !== process.number || loss.slot === undefined || loss.slot < slot) {
      process.losses++
      if (process.losses <= lossesMax) return
      process.losses = 0
      throw loss === undefined ? error : processUnstable(process.id, errorMessage(error))
    }
    if (loss.reason === 'timeout') {
      const text = `evaluation took longer than ${options.evaluationTimeoutMs} ms`
      process.verdicts.set(loss.slot, text)
    } else if (process.suspectSlot === loss.slot) {
      process.verdicts.set(loss.slot, `evaluation crashed twice: ${loss.text}`)
    } else {
      process.suspectSlot = loss.slot
      return
    }
    process.suspectSlot = undefined
  }

  #save(process: HostedProcess, thread: ComputeThread, delta: CheckpointDelta): void {
    const { warn, signal } = this.#dependencies
    const { facts, id: processId } = process
    if (facts === undefined) return
    const save = async () => {
      const at = await saveCheckpoint(this.#dependencies, facts, delta)
      if (signal.aborted || thread.loss !== undefined) return
      const { nextSlot } = delta
      await thread.request({ kind: 'confirm-checkpoint', processId, nextSlot, at })
    }
    const saving = save()
      .catch((error) => warn({ processId: process.id, error }, 'no checkpoint written'))
      .finally(() => this.#saves.delete(saving))
    this.#saves.add(saving)
  }
}

/** The result of a slot, with its digest and who gave it. */
type Decided = Pick<Outcome, 'failed' | 'error' | 'json' | 'digest'> & {
  readonly decidedBy: Decider
}

/** Puts the outcomes of one batch in slot order into the result log. */
class BatchRun {
  readonly #process: HostedProcess
  readonly #slots: readonly PreparedSlot[]
  readonly #results: ResultLog
  readonly #engine: CryptoEngine
  #at = 0

  constructor(
    process: HostedProcess,
    slots: readonly PreparedSlot[],
    { results, engine }: { readonly results: ResultLog; readonly engine: CryptoEngine },
  ) {
    this.#process = process
    this.#slots = slots
    this.#results = results
    this.#engine = engine
  }

  /** Messages among the first `limit` slots that are to be evaluated. */
  workUpTo(limit: number) {
    return this.#slots
      .slice(0, limit)
      .filter((slot) => this.#verdict(slot) === undefined)
      .map((slot) => slot.work)
  }

  take(outcome: Outcome): void {
    this.#failUntil((slot) => slot.work.slot === outcome.slot)
    const slot = this.#slots[this.#at]
    assert(slot !== undefined, 'an outcome is for a slot of its batch')
    const { failed, error, json, digest, gasUsed, elapsedMs } = outcome
    const { cost, heavyFor } = this.#process
    cost.evaluations++
    cost.gasUsed += gasUsed
    cost.elapsedMs += elapsedMs
    this.#process.heavyFor = gasUsed >= heavyGas ? heavyMessages : Math.max(0, heavyFor - 1)
    this.#push(slot, { failed, error, json, digest, decidedBy: 'module' })
  }

  /** Gives the slots that were not to be evaluated, up to `limit`, their errors. */
  finish(limit: number): void {
    this.#failUntil((slot) => slot === this.#slots[limit])
  }

  /** Gives the next `count` slots to be evaluated this error. */
  fail(count: number, error: string): void {
    for (let left = count; left > 0; left--) {
      this.#failUntil((slot) => this.#verdict(slot) === undefined)
      const slot = this.#slots[this.#at]
      assert(slot !== undefined, 'a batch has the slots that are to be evaluated')
      this.#fail(slot, error, 'module')
    }
  }

  #failUntil(reached: (slot: PreparedSlot) => boolean): void {
    for (;;) {
      const slot = this.#slots[this.#at]
      if (slot === undefined || reached(slot)) return
      const error = this.#verdict(slot)
      assert(error !== undefined, `slot ${slot.work.slot} was evaluated`)
      this.#fail(slot, error, slot.error === undefined ? 'unit' : 'module')
    }
  }

  #verdict(slot: PreparedSlot): string | undefined {
    return slot.error ?? this.#process.verdicts.get(slot.work.slot)
  }

  #fail(slot: PreparedSlot, error: string, decidedBy: Decider): void {
    const result = errorResult(error)
    const digest = digestResult(result, this.#engine)
    this.#push(slot, { failed: true, error, json: JSON.stringify(result), digest, decidedBy })
  }

  #push(slot: PreparedSlot, { failed, error, json, digest, decidedBy }: Decided): void {
    const { assignment, cron, work } = slot
    const { timestampMs, blockHeight } = assignment
    const { resultChain: before } = this.#process
    assert(before !== undefined, 'the chain is known before a batch is run')
    const link = { assignmentId: assignment.item.id, resultDigest: digest }
    const resultChain = resultChainNext(before, link, this.#engine)
    const entry = { messageId: work.id, timestampMs, blockHeight, cron }
    const record = encodeRecord({ ...entry, failed, decidedBy, resultChain }, json)
    this.#results.push(this.#process.id, record)
    this.#process.resultChain = resultChain
    this.#process.verdicts.delete(work.slot)
    if (failed) this.#process.lastError = { slot: work.slot, text: error ?? '' }
    this.#at++
  }
}
