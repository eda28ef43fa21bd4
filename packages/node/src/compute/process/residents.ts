import { isHeddleError } from '@heddle/protocol/base'
import { Semaphore } from '../../runtime/index.ts'
import type { CheckpointDelta } from '../checkpoint/index.ts'
import type { ComputeThread } from '../pool/compute-thread.ts'
import type { ThreadPool } from '../pool/thread-pool.ts'
import type { CapturedState, Footprint } from '../worker/protocol.ts'
import { type FactsDependencies, loadFacts, type ProcessFacts } from './facts.ts'
import type { HostedProcess } from './hosted-process.ts'
import { LiveSet } from './live-set.ts'
import { type RestoreDependencies, restoreProcess } from './restore.ts'
import { saveCheckpoint } from './save-checkpoint.ts'

type ResidentsDependencies = FactsDependencies &
  RestoreDependencies & {
    readonly pool: ThreadPool
    readonly restoresMax: number
    /** Live processes in all, and what they may take together. */
    readonly liveMax: number
    readonly liveBytesMax: number
  }

/** Processes on their way to sleep at once: their checkpoints wait for the disk. */
const departuresMax = 4

/**
 * Which processes are live, and on which thread. A process comes to life when it is needed; beyond
 * the budget the least recently used idle one is put to sleep in its checkpoint.
 */
export class Residents {
  readonly #dependencies: ResidentsDependencies
  readonly #restores: Semaphore
  readonly #live: LiveSet
  /** Those that wait for a place among the live. */
  readonly #waiting: (() => void)[] = []
  readonly #departures = new Set<Promise<void>>()
  #closed = false

  constructor(dependencies: ResidentsDependencies) {
    const { restoresMax, liveMax: processesMax, liveBytesMax: bytesMax, pool } = dependencies
    this.#dependencies = dependencies
    this.#restores = new Semaphore(restoresMax)
    this.#live = new LiveSet({ processesMax, bytesMax, besides: () => pool.modelBytes })
  }

  /** Live processes, and what they and the models they call take, bytes. */
  get use(): { readonly live: number; readonly memoryBytes: number } {
    const { pool } = this.#dependencies
    return { live: this.#live.size, memoryBytes: this.#live.bytes + pool.modelBytes }
  }

  async facts(process: HostedProcess): Promise<ProcessFacts> {
    process.facts ??= await loadFacts(this.#dependencies, process.id)
    return process.facts
  }

  /**
   * The thread the process is live on, with the state before its next slot. Undefined where its
   * module can never run: `facts.broken` says why. To be called in the process's lane.
   */
  async thread(process: HostedProcess): Promise<ComputeThread | undefined> {
    const facts = await this.facts(process)
    if (facts.broken !== undefined) return undefined
    const { thread } = process
    if (thread !== undefined && thread.loss === undefined) {
      this.#live.touch(process)
      return thread
    }
    this.#release(process)
    return await this.#restores.run(async () => {
      await this.#admit(process)
      return await this.#revive(process, facts)
    })
  }

  /** The state now. To be called in the process's lane. */
  async capture(process: HostedProcess): Promise<CapturedState | undefined> {
    const thread = await this.thread(process)
    if (thread === undefined) return undefined
    const request = { kind: 'capture', processId: process.id } as const
    return (await thread.request(request)) as CapturedState
  }

  /** What the process takes now; its thread said so. */
  measure(process: HostedProcess, footprint: Footprint): void {
    process.footprint = footprint
    this.#live.measure(process)
    this.#makeRoom()
  }

  /** Forgets that a process is live, e.g. since its thread was lost. */
  drop(process: HostedProcess): void {
    const { thread } = process
    this.#release(process)
    if (thread === undefined || thread.loss !== undefined) return
    thread.request({ kind: 'close', processId: process.id }).catch(() => undefined)
  }

  /**
   * Takes a heavy process off a thread where others wait for it; it wakes on the one of heavy
   * processes. To be called in the process's lane.
   */
  async setApart(process: HostedProcess): Promise<void> {
    const { pool } = this.#dependencies
    const { heavyFor, thread } = process
    if (heavyFor > 0 && thread !== undefined && pool.holdsUpOthers(thread)) {
      await this.#putToSleep(process)
    }
  }

  /** To be called when a process has nothing to do: it may make room for others. */
  idle(): void {
    this.#makeRoom()
  }

  /** Ends when no process is on its way to sleep. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#departures)
  }

  async #revive(process: HostedProcess, facts: ProcessFacts): Promise<ComputeThread | undefined> {
    const { pool, results } = this.#dependencies
    const isSuspect = process.suspectSlot !== undefined
    const thread = isSuspect ? pool.startLone() : pool.pick(process.heavyFor > 0)
    thread.processes.set(process.id, [facts.moduleId, ...facts.models])
    process.thread = thread
    try {
      // Replay reads results from the disk.
      await results.durable(process.id, results.head(process.id))
      await pool.load(thread, facts)
      const nextSlot = results.durableHead(process.id)
      const revival = { facts, number: process.number, thread, nextSlot }
      process.footprint = await restoreProcess(this.#dependencies, revival)
      this.#live.measure(process)
      // Who leaves for it leaves after its messages: on the same thread they would wait for that.
      if (this.#waiting.length > 0) this.#makeRoom()
      return thread
    } catch (error) {
      this.#release(process)
      if (pool.placeOf(thread) === undefined) await thread.close()
      const reason = neverRuns(error)
      if (reason === undefined) throw error
      facts.broken = `module ${facts.moduleId} cannot run: ${reason}`
      return undefined
    }
  }

  /** Waits for a place among the live processes, and takes it. */
  async #admit(process: HostedProcess): Promise<void> {
    while (this.#live.isFull) {
      const place = new Promise<void>((resolve) => this.#waiting.push(resolve))
      this.#makeRoom()
      await place
    }
    this.#live.join(process)
  }

  /** Sends processes to sleep until there is room, or nobody left who may. */
  #makeRoom(): void {
    while (
      !this.#closed &&
      this.#departures.size < departuresMax &&
      (this.#live.isCrowded || this.#waiting.length > this.#departures.size)
    ) {
      const victim = this.#live.victim(this.#waiting.length > this.#departures.size)
      if (victim === undefined) return
      this.#live.leaving(victim)
      const departure = victim.lane
        .run(() => this.#putToSleep(victim))
        .finally(() => {
          this.#departures.delete(departure)
          this.#makeRoom()
        })
      this.#departures.add(departure)
    }
  }

  async #putToSleep(process: HostedProcess): Promise<void> {
    const { thread, facts, id } = process
    if (thread === undefined || facts === undefined) return this.#release(process)
    const { warn } = this.#dependencies
    try {
      const request = { kind: 'checkpoint', processId: id, close: true } as const
      const delta = (await thread.request(request)) as CheckpointDelta | undefined
      if (delta !== undefined) await saveCheckpoint(this.#dependencies, facts, delta)
    } catch (error) {
      // It costs a longer replay, no state.
      warn({ processId: id, error }, 'no checkpoint of a process that went to sleep')
    }
    this.#release(process)
    process.facts = undefined
    process.previous = undefined
    process.prefetched = undefined
  }

  #release(process: HostedProcess): void {
    process.thread?.processes.delete(process.id)
    process.thread = undefined
    if (this.#live.leave(process)) this.#waiting.shift()?.()
  }
}

/**
 * Why a module can never run, or undefined where another time or machine may do better. Only what
 * the module and the limits say: the answer becomes the result of every message.
 */
export function neverRuns(error: unknown): string | undefined {
  if (!isHeddleError(error)) return undefined
  const { code } = error
  const told = code === 'guest-fault' || /^(module|memory-limit)-/.test(code)
  return told && (error.kind === 'invalid' || error.kind === 'exhausted')
    ? error.message
    : undefined
}
