import type { Timer } from '../../runtime/index.ts'
import { computeClosed } from '../errors.ts'
import type { ComputeOptions } from '../options.ts'
import type { DriveService } from '../weave-drive/service.ts'
import { ComputeThread } from './compute-thread.ts'
import type { ModuleProgram, ModuleSource } from './module-source.ts'

/** Compiled modules a thread keeps though no process of theirs is live on it. */
const idleModulesMax = 16

/** What a process needs on its thread; `ProcessFacts` fits. */
type LoadedFacts = {
  readonly process: { readonly id: string }
  readonly moduleId: string
  readonly models: readonly string[]
}

/** Threads that come into being when there is work for them, and again after a loss. */
export class ThreadPool {
  readonly #options: ComputeOptions
  readonly #timer: Timer
  readonly #modules: ModuleSource
  readonly #threads: (ComputeThread | undefined)[]
  readonly #lone = new Set<ComputeThread>()
  #closed = false

  readonly #drive: DriveService | undefined

  constructor(
    size: number,
    options: ComputeOptions,
    timer: Timer,
    modules: ModuleSource,
    drive?: DriveService,
  ) {
    this.#drive = drive
    this.#options = options
    this.#timer = timer
    this.#modules = modules
    this.#threads = Array.from({ length: size }, () => undefined)
  }

  /** The thread with the fewest live processes. Throws `compute-closed`. */
  pick(): ComputeThread {
    let place = 0
    let fewest = Number.POSITIVE_INFINITY
    for (const [index, thread] of this.#threads.entries()) {
      const processes = thread?.processes.size ?? 0
      if (processes >= fewest) continue
      fewest = processes
      place = index
    }
    const picked = this.#threads[place] ?? this.#start()
    this.#threads[place] = picked
    return picked
  }

  /** A thread for one process alone; the caller closes it. */
  startLone(): ComputeThread {
    const thread = this.#start()
    this.#lone.add(thread)
    return thread
  }

  /** Place of a thread, or undefined for one that is alone or lost. */
  placeOf(thread: ComputeThread): number | undefined {
    const place = this.#threads.indexOf(thread)
    return place === -1 ? undefined : place
  }

  /** Has a process's module and its models compiled on the thread. Rejects with why they cannot be. */
  async load(thread: ComputeThread, { process, ...named }: LoadedFacts): Promise<void> {
    const { moduleId, models } = named
    await this.#load(thread, moduleId, () => this.#modules.program(moduleId, process.id))
    for (const id of models) await this.#load(thread, id, () => this.#modules.model(id, process.id))
    this.#forgetIdle(thread, [moduleId, ...models])
  }

  async close(): Promise<void> {
    this.#closed = true
    const threads = [...this.#threads, ...this.#lone]
    await Promise.all(threads.map((thread) => thread?.close()))
  }

  async #load(
    thread: ComputeThread,
    moduleId: string,
    read: () => Promise<ModuleProgram>,
  ): Promise<void> {
    if (thread.modules.has(moduleId)) return
    const { format, bytes } = await read()
    await thread.request({ kind: 'module', moduleId, format, bytes })
    thread.modules.add(moduleId)
  }

  #start(): ComputeThread {
    if (this.#closed) throw computeClosed()
    const onLost = (thread: ComputeThread) => {
      const place = this.#threads.indexOf(thread)
      if (place !== -1) this.#threads[place] = undefined
      this.#lone.delete(thread)
    }
    return new ComputeThread(this.#options, this.#timer, onLost, this.#drive)
  }

  #forgetIdle(thread: ComputeThread, fresh: readonly string[]): void {
    const used = new Set([...fresh, ...[...thread.processes.values()].flat()])
    const idle = [...thread.modules].filter((id) => !used.has(id))
    for (const moduleId of idle.slice(0, Math.max(0, idle.length - idleModulesMax))) {
      thread.modules.delete(moduleId)
      thread.request({ kind: 'forget-module', moduleId }).catch(() => undefined)
    }
  }
}
