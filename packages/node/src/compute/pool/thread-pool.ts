import type { Timer } from '../../runtime/index.ts'
import { computeClosed } from '../errors.ts'
import type { ComputeOptions } from '../options.ts'
import type { DriveService } from '../weave-drive/service.ts'
import type { LoadedModule } from '../worker/protocol.ts'
import { ComputeThread } from './compute-thread.ts'
import { HeldModels } from './held-models.ts'
import type { ModuleProgram, ModuleSource } from './module-source.ts'

/** Compiled modules a thread keeps though no process of theirs is live on it. */
const idleModulesMax = 16

/** Models may take this part of what live processes may. */
const modelsPart = 2

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
  /** One by place; with a heavy place, it is the last. */
  readonly #threads: (ComputeThread | undefined)[]
  readonly #places: number
  readonly #lone = new Set<ComputeThread>()
  readonly #models: HeldModels<ComputeThread>
  #closed = false

  readonly #drive: DriveService | undefined

  constructor(
    places: number,
    heavyPlaces: 0 | 1,
    options: ComputeOptions,
    timer: Timer,
    modules: ModuleSource,
    drive?: DriveService,
  ) {
    this.#drive = drive
    this.#options = options
    this.#timer = timer
    this.#modules = modules
    this.#places = places
    this.#threads = Array.from({ length: places + heavyPlaces }, () => undefined)
    this.#models = new HeldModels(
      Math.floor(options.hotBytesMax / modelsPart),
      ({ thread, modelId }) => usedOn(thread).has(modelId),
      ({ thread, modelId }) => forget(thread, modelId),
    )
  }

  /** What models take on all threads, bytes. */
  get modelBytes(): number {
    return this.#models.bytes
  }

  /**
   * The thread with the fewest live processes; for a heavy process the one that heavy ones share,
   * where there is one. Throws `compute-closed`.
   */
  pick(heavy = false): ComputeThread {
    const from = heavy ? this.#heaviest : 0
    const to = heavy ? this.#threads.length : this.#places
    let place = from
    let fewest = Number.POSITIVE_INFINITY
    for (let index = from; index < to; index++) {
      const processes = this.#threads[index]?.processes.size ?? 0
      if (processes >= fewest) continue
      fewest = processes
      place = index
    }
    const picked = this.#threads[place] ?? this.#start()
    this.#threads[place] = picked
    return picked
  }

  /** Tells whether a process that is heavy has to go elsewhere from this thread. */
  holdsUpOthers(thread: ComputeThread): boolean {
    const place = this.placeOf(thread)
    return place !== undefined && place < this.#heaviest
  }

  /** The place of heavy processes; without one of their own they are everywhere. */
  get #heaviest(): number {
    return this.#threads.length > this.#places ? this.#places : 0
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
    if (thread.modules.has(moduleId)) {
      this.#models.touch(thread, moduleId)
      return
    }
    const { format, bytes } = await read()
    // Formats of other rooms bring weights; those of this one, code.
    const about = format in this.#options.moreFormats ? bytes.length : 0
    await this.#models.load(thread, moduleId, about, async () => {
      const request = { kind: 'module', moduleId, format, bytes } as const
      const { heldBytes } = (await thread.request(request)) as LoadedModule
      thread.modules.add(moduleId)
      return heldBytes
    })
  }

  #start(): ComputeThread {
    if (this.#closed) throw computeClosed()
    const onLost = (thread: ComputeThread) => {
      const place = this.#threads.indexOf(thread)
      if (place !== -1) this.#threads[place] = undefined
      this.#lone.delete(thread)
      this.#models.drop(thread)
    }
    return new ComputeThread(this.#options, this.#timer, onLost, this.#drive)
  }

  #forgetIdle(thread: ComputeThread, fresh: readonly string[]): void {
    const used = new Set([...usedOn(thread), ...fresh])
    const idle = [...thread.modules].filter((id) => !used.has(id))
    for (const moduleId of idle.slice(0, Math.max(0, idle.length - idleModulesMax))) {
      this.#models.forget(thread, moduleId)
      forget(thread, moduleId)
    }
  }
}

/** Modules and models of the live processes of a thread. */
function usedOn(thread: ComputeThread): Set<string> {
  return new Set([...thread.processes.values()].flat())
}

function forget(thread: ComputeThread, moduleId: string): void {
  thread.modules.delete(moduleId)
  thread.request({ kind: 'forget-module', moduleId }).catch(() => undefined)
}
