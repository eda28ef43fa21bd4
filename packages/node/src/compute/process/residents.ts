import { isHeddleError } from '@heddle/protocol/base'
import type { CheckpointDelta } from '../checkpoint/index.ts'
import type { ComputeThread } from '../pool/compute-thread.ts'
import type { ThreadPool } from '../pool/thread-pool.ts'
import type { CapturedState } from '../worker/protocol.ts'
import { type FactsDependencies, loadFacts, type ProcessFacts } from './facts.ts'
import type { HostedProcess } from './hosted-process.ts'
import { type RestoreDependencies, restoreProcess } from './restore.ts'
import { saveCheckpoint } from './save-checkpoint.ts'
import { Semaphore } from './semaphore.ts'

type ResidentsDependencies = FactsDependencies &
  RestoreDependencies & {
    readonly pool: ThreadPool
    readonly restoresMax: number
    /** Live processes in all, and what their memories may hold together. */
    readonly liveMax: number
    readonly liveBytesMax: number
  }

/**
 * Which processes are live, and on which thread. A process comes to life when it is needed; beyond
 * the
 * budget the least recently used idle one is put to sleep in its checkpoint.
 */
export class Residents {
  readonly #dependencies: ResidentsDependencies
  readonly #restores: Semaphore
  /** Least recently used first. */
  readonly #live = new Map<string, HostedProcess>()
  readonly #waiting: (() => void)[] = []
  #trimming: Promise<void> | undefined

  constructor(dependencies: ResidentsDependencies) {
    this.#dependencies = dependencies
    this.#restores = new Semaphore(dependencies.restoresMax)
  }

  get size(): number {
    return this.#live.size
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
      this.#touch(process)
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

  /** Forgets that a process is live, e.g. since its thread was lost. */
  drop(process: HostedProcess): void {
    const { thread } = process
    this.#release(process)
    if (thread === undefined || thread.loss !== undefined) return
    thread.request({ kind: 'close', processId: process.id }).catch(() => undefined)
  }

  /** To be called when a process has nothing to do: one that waits for a place may take its. */
  idle(): void {
    this.#waiting.shift()?.()
    if (this.#trimming !== undefined || !this.#overBytes()) return
    this.#trimming = this.#trim().finally(() => {
      this.#trimming = undefined
    })
  }

  /** Ends when no process is on its way to sleep. */
  async close(): Promise<void> {
    await this.#trimming
  }

  /** Memories grow while they are live: what is beyond the budget sleeps as soon as it may. */
  async #trim(): Promise<void> {
    while (this.#overBytes()) {
      const victim = this.#victim()
      if (victim === undefined) return
      await victim.lane.run(() => this.#putToSleep(victim))
    }
  }

  async #revive(process: HostedProcess, facts: ProcessFacts): Promise<ComputeThread | undefined> {
    const { pool, results } = this.#dependencies
    // Replay reads results from the disk.
    await results.durable(process.id, results.head(process.id))
    const thread = process.suspectSlot === undefined ? pool.pick() : pool.startLone()
    thread.processes.set(process.id, facts.moduleId)
    process.thread = thread
    try {
      await pool.load(thread, facts.moduleId, process.id)
      const nextSlot = results.durableHead(process.id)
      await restoreProcess(this.#dependencies, { facts, number: process.number, thread, nextSlot })
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
    while (this.#live.size >= this.#dependencies.liveMax || this.#overBytes()) {
      const victim = this.#victim()
      if (victim === undefined) await new Promise<void>((resolve) => this.#waiting.push(resolve))
      else await victim.lane.run(() => this.#putToSleep(victim))
    }
    this.#live.set(process.id, process)
  }

  #victim(): HostedProcess | undefined {
    for (const process of this.#live.values()) {
      if (!process.evaluating && process.lane.idle) return process
    }
    return undefined
  }

  /** A process larger than all the budget still runs, alone. */
  #overBytes(): boolean {
    let bytes = 0
    for (const process of this.#live.values()) bytes += process.stateBytes
    return this.#live.size > 1 && bytes > this.#dependencies.liveBytesMax
  }

  async #putToSleep(process: HostedProcess): Promise<void> {
    const { thread, facts, id } = process
    if (thread === undefined || facts === undefined || process.evaluating) return
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
    if (this.#live.delete(process.id)) this.idle()
  }

  #touch(process: HostedProcess): void {
    this.#live.delete(process.id)
    this.#live.set(process.id, process)
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
