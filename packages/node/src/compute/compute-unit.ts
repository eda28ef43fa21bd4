import { errorMessage, HeddleError, isHeddleError } from '@heddle/protocol/base'
import { tagValue } from '@heddle/protocol/item'
import { dryRunMessage, type Result } from '@heddle/protocol/message'
import type { Checkpoints } from './checkpoint/index.ts'
import { Prover } from './digest/prover.ts'
import { Publisher } from './digest/publisher.ts'
import { DryRunGate } from './dry-run-gate.ts'
import { DryRuns } from './dry-runs.ts'
import {
  computeClosed,
  evaluationPending,
  resultsRefused,
  statePending,
  unknownMessage,
  unknownProcess,
} from './errors.ts'
import type { Evaluation, ProcessStatus } from './face.ts'
import type { ComputeOptions } from './options.ts'
import { ModuleSource } from './pool/module-source.ts'
import { ThreadPool } from './pool/thread-pool.ts'
import type { ComputeDependencies, Report } from './ports.ts'
import { Evaluator } from './process/evaluator.ts'
import { type HostedProcess, hostProcess, isFinal } from './process/hosted-process.ts'
import { patientVerify } from './process/patient-verify.ts'
import { Residents } from './process/residents.ts'
import { untilAborted } from './process/until-aborted.ts'
import { ResultLog } from './results/result-log.ts'
import { openWeaveDrive } from './weave-drive/service.ts'

type UnitDependencies = ComputeDependencies & {
  readonly checkpoints: Checkpoints
  readonly epoch: number
}

/** Longest pause between two looks for a module or an item; a reader's request looks at once. */
const missingRetryMaxMs = 60_000

const nothingYet = { evaluations: 0, gasUsed: 0, elapsedMs: 0 }

/** The parts of a compute unit together, and what each of its processes waits for. */
export class ComputeUnit {
  readonly prover: Prover
  readonly #dependencies: UnitDependencies
  readonly #options: ComputeOptions
  readonly #warn: Report
  readonly #closing = new AbortController()
  readonly #processes = new Map<string, HostedProcess>()
  readonly #running = new Set<Promise<void>>()
  readonly #listeners: ((processId: string, slot: number) => void)[] = []
  readonly #results: ResultLog
  readonly #pool: ThreadPool
  readonly #dryRunPool: ThreadPool
  readonly #residents: Residents
  readonly #evaluator: Evaluator
  readonly #dryRuns: DryRuns
  readonly #dryRunGate: DryRunGate
  readonly #publisher: Publisher | undefined
  #nextNumber = 0

  constructor(dependencies: UnitDependencies, options: ComputeOptions) {
    this.#dependencies = dependencies
    this.#options = options
    this.#warn = dependencies.warn ?? (() => undefined)
    const { items, runtime } = dependencies
    const { signal } = this.#closing
    const verify = patientVerify(dependencies.verify, runtime.timer, signal)
    const modules = new ModuleSource(items, verify, dependencies.expandModule)
    this.#results = new ResultLog({
      results: dependencies.results,
      epoch: dependencies.epoch,
      timer: runtime.timer,
      signal,
      retryMs: options.retryMs,
      recentBytes: options.recentResultBytes,
      onDurable: (processId, slot) => this.#durable(processId, slot),
      onRefused: (processId, error) => this.#refused(processId, error),
    })
    const { drive: source } = dependencies
    const drive = source && openWeaveDrive({ ...dependencies, verify, source })
    this.#pool = new ThreadPool(options.workers, 1, options, runtime.timer, modules, drive)
    this.#dryRunPool = new ThreadPool(1, 0, options, runtime.timer, modules, drive)
    const shared = { ...dependencies, verify, modules, results: this.#results, warn: this.#warn }
    this.#residents = new Residents({
      ...shared,
      pool: this.#pool,
      restoresMax: options.restoresMax,
      liveMax: options.workers * options.hotProcessesMax,
      liveBytesMax: options.hotBytesMax,
    })
    this.#evaluator = new Evaluator({
      ...shared,
      residents: this.#residents,
      options,
      timer: runtime.timer,
      signal,
    })
    this.prover = new Prover(shared)
    const { publishEverySlots: everySlots } = options
    this.#publisher =
      everySlots === undefined
        ? undefined
        : new Publisher({ prover: this.prover, everySlots, warn: this.#warn })
    this.#dryRuns = new DryRuns(this.#dryRunPool, this.#residents, options)
    this.#dryRunGate = new DryRunGate(options.dryRunsPerPeer)
  }

  /** Evaluates what was scheduled while nobody evaluated, and all that will be. */
  start(): void {
    const { log } = this.#dependencies
    log.onScheduled((processId) => this.#onScheduled(processId))
    for (const processId of log.processes()) this.#onScheduled(processId)
  }

  async result(processId: string, slot: number, signal?: AbortSignal): Promise<Evaluation> {
    const head = this.#knownHead(processId)
    if (!Number.isSafeInteger(slot) || slot < 0 || slot >= head) {
      throw unknownMessage(processId, `at slot ${slot}`)
    }
    await this.#evaluated(processId, slot, signal)
    const evaluation = await this.#results.read(processId, slot)
    if (evaluation === undefined) throw evaluationPending(processId, slot, slot)
    return evaluation
  }

  /**
   * `body` is outside input: `dry-run-invalid` where it is no message. `caller`: whose line it stands in;
   * what the node itself asks for is in none.
   */
  async dryRun(
    processId: string,
    body: unknown,
    signal?: AbortSignal,
    caller?: string,
  ): Promise<Result> {
    const run = () => this.#dryRun(processId, body, signal)
    return caller === undefined
      ? await run()
      : await this.#dryRunGate.run({ caller, processId }, signal, run)
  }

  async #dryRun(processId: string, body: unknown, signal?: AbortSignal): Promise<Result> {
    const head = this.#knownHead(processId)
    const last = await this.result(processId, head - 1, signal)
    const { timestampMs, blockHeight } = last
    const message = dryRunMessage(body, { processId, timestampMs, blockHeight })
    const work = {
      slot: head,
      id: message.Id,
      timestampMs: message.Timestamp,
      json: JSON.stringify(message),
    }
    return await this.#dryRuns.run(this.#hosted(processId), head, work, signal)
  }

  /** Linear memory after the newest slot, as the module's glue encoded it. */
  async state(processId: string, signal?: AbortSignal) {
    const head = this.#knownHead(processId)
    const evaluation = await this.result(processId, head - 1, signal)
    const taking = this.#dryRuns.state(this.#hosted(processId), head)
    const state = await untilAborted(taking, signal, () => statePending(processId))
    return { evaluation, image: state?.image }
  }

  async evaluations(
    processId: string,
    fromSlot: number,
    limit: number,
    bytesMax?: number,
  ): Promise<Evaluation[]> {
    return await this.#results.readMany(processId, fromSlot, limit, bytesMax)
  }

  evaluatedHead(processId: string): number {
    return this.#results.durableHead(processId)
  }

  /** Heads of durable records, for listings that need no results. */
  heads(processId: string, fromSlot: number, toSlot: number) {
    return this.#results.heads(processId, fromSlot, toSlot)
  }

  onEvaluated(listener: (processId: string, slot: number) => void): void {
    this.#listeners.push(listener)
  }

  /** Throws `unknown-process`. */
  assertKnown(processId: string): void {
    this.#knownHead(processId)
  }

  /** Live processes and what they take, against the budget; bytes. */
  get use() {
    return { ...this.#residents.use, memoryBytesMax: this.#options.hotBytesMax }
  }

  /** Rejects with `unknown-process`. */
  async status(processId: string): Promise<ProcessStatus> {
    const slots = this.#knownHead(processId)
    const process = this.#processes.get(processId)
    const evaluated = this.evaluatedHead(processId)
    const thread = process?.thread
    const halt = process?.halt
    return {
      process: processId,
      module: process?.facts?.moduleId ?? (await this.#moduleOf(processId)),
      slots,
      evaluated,
      backlog: slots - evaluated,
      live: thread !== undefined,
      stateBytes: process?.footprint?.stateBytes ?? null,
      memoryBytes: thread === undefined ? 0 : (process?.footprint?.memoryBytes ?? 0),
      cost: { ...(process?.cost ?? nothingYet) },
      worker: (thread && this.#pool.placeOf(thread)) ?? null,
      stopped: halt === undefined ? null : { error: halt.message, code: halt.code },
      lastError: process?.lastError ?? null,
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(computeClosed())
    for (const process of this.#processes.values()) {
      process.retry?.()
      process.waiters.rejectFrom(0, computeClosed())
    }
    await Promise.all([this.#pool.close(), this.#dryRunPool.close()])
    await Promise.all(this.#running)
    await this.#results.close()
    await Promise.all([this.#evaluator.close(), this.#residents.close(), this.#publisher?.close()])
  }

  #knownHead(processId: string): number {
    const { log } = this.#dependencies
    const head = log.head(processId)
    if (head === 0) throw unknownProcess(processId, [...log.processes()].length)
    return head
  }

  async #moduleOf(processId: string): Promise<string | null> {
    const [entry] = await this.#dependencies.log.entries(processId, 0, 1)
    return (entry?.message && tagValue(entry.message.tags, 'Module')) ?? null
  }

  #hosted(processId: string): HostedProcess {
    let process = this.#processes.get(processId)
    if (process === undefined) {
      process = hostProcess(processId, this.#nextNumber++)
      this.#processes.set(processId, process)
    }
    return process
  }

  /** Waits until a slot's result is durable. */
  async #evaluated(processId: string, slot: number, signal?: AbortSignal): Promise<void> {
    if (slot < this.evaluatedHead(processId)) return
    if (this.#closing.signal.aborted) throw computeClosed()
    const process = this.#hosted(processId)
    const { halt } = process
    if (halt !== undefined && isFinal(halt) && slot >= this.#results.head(processId)) throw halt
    const waiting = process.waiters.wait(slot, signal, () =>
      evaluationPending(processId, slot, this.evaluatedHead(processId)),
    )
    this.#wake(process)
    await waiting
  }

  #onScheduled(processId: string): void {
    if (this.#results.head(processId) >= this.#dependencies.log.head(processId)) return
    const process = this.#hosted(processId)
    // One that waits for something is tried again by its timer and by readers.
    if (process.halt === undefined) this.#wake(process)
  }

  #wake(process: HostedProcess): void {
    if (process.evaluating || this.#closing.signal.aborted) return
    process.evaluating = true
    process.halt = undefined
    process.retry?.()
    process.retry = undefined
    const running = this.#evaluator
      .run(process)
      .catch((error) => this.#halt(process, error))
      .finally(() => {
        process.evaluating = false
        this.#running.delete(running)
        this.#residents.idle()
        // What was scheduled after the last look at the log found the process busy.
        if (process.halt === undefined) this.#onScheduled(process.id)
      })
    this.#running.add(running)
  }

  #halt(process: HostedProcess, error: unknown): void {
    if (this.#closing.signal.aborted) return
    const halt = isHeddleError(error)
      ? error
      : new HeddleError('internal', 'internal', errorMessage(error), {}, { cause: error })
    process.halt = halt
    // What was evaluated before is on its way to the disk.
    process.waiters.rejectFrom(this.#results.head(process.id), halt)
    const times = halt.kind === 'missing' ? this.#noteMiss(process) : 0
    if (times === 0) this.#warn({ processId: process.id, code: halt.code, error }, halt.message)
    if (isFinal(halt)) return
    const { timer } = this.#dependencies.runtime
    // One at a time: every reader tries, and each of those that fail would leave another behind.
    process.retry?.()
    // What is not here may never come, and anybody may name it: it is looked for less and less.
    const delayMs = Math.min(missingRetryMaxMs, this.#options.retryMs * 2 ** times)
    process.retry = timer.after(delayMs, () => this.#wake(process))
  }

  /** How often the process missed something at its next slot before. */
  #noteMiss(process: HostedProcess): number {
    const slot = this.#results.head(process.id)
    const times = process.missed.slot === slot ? process.missed.times : 0
    process.missed = { slot, times: times + 1 }
    return times
  }

  #refused(processId: string, error: unknown): void {
    const process = this.#hosted(processId)
    this.#halt(process, resultsRefused(processId, error))
    this.#residents.drop(process)
  }

  #durable(processId: string, slot: number): void {
    this.#processes.get(processId)?.waiters.resolve(slot)
    this.#publisher?.durable(processId, slot)
    for (const listener of this.#listeners) {
      try {
        listener(processId, slot)
      } catch (error) {
        this.#warn({ processId, slot, error }, 'a listener to evaluations failed')
      }
    }
  }
}
