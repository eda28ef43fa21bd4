import type { Result } from '@heddle/protocol/message'
import { errorResult } from '@heddle/protocol/message'
import { Semaphore } from '../runtime/index.ts'
import { dryRunsExhausted, lossOf, statePending } from './errors.ts'
import type { ComputeOptions } from './options.ts'
import type { ThreadPool } from './pool/thread-pool.ts'
import type { HostedProcess } from './process/hosted-process.ts'
import type { Residents } from './process/residents.ts'
import type { CapturedState, Outcome, WorkMessage } from './worker/protocol.ts'

type State = { readonly nextSlot: number; readonly image: Uint8Array | undefined }

/**
 * Runs messages against a copy of a process's state, on a thread of its own: whatever a dry-run
 * does,
 * endless loops included, live processes do not notice. The copy is taken once per slot.
 */
export class DryRuns {
  readonly #pool: ThreadPool
  readonly #residents: Residents
  readonly #options: ComputeOptions
  /** One at a time, so that a lost thread has one culprit. */
  readonly #thread = new Semaphore(1)
  readonly #states = new Map<string, State>()
  #stateBytes = 0
  #waiting = 0

  constructor(pool: ThreadPool, residents: Residents, options: ComputeOptions) {
    this.#pool = pool
    this.#residents = residents
    this.#options = options
  }

  /**
   * Result of a message on the newest state. Rejects with `dry-runs-exhausted`, and with `state-pending`
   * where the caller is gone before its turn comes.
   */
  async run(
    process: HostedProcess,
    nextSlot: number,
    message: WorkMessage,
    signal?: AbortSignal,
  ): Promise<Result> {
    if (this.#waiting >= this.#options.dryRunsMax) {
      throw dryRunsExhausted(`${this.#waiting} are waiting`)
    }
    this.#waiting++
    try {
      const facts = await this.#residents.facts(process)
      const state = await this.state(process, nextSlot)
      if (state === undefined) return errorResult(facts.broken ?? 'the process cannot run')
      return await this.#thread.run(async () => {
        if (signal?.aborted) throw statePending(process.id)
        return await this.#fork(process, state, message)
      })
    } finally {
      this.#waiting--
    }
  }

  /** The state with at least the slots before `nextSlot` in it; undefined where none can be. */
  async state(process: HostedProcess, nextSlot: number): Promise<State | undefined> {
    const known = this.#states.get(process.id)
    if (known !== undefined && known.nextSlot >= nextSlot) return known
    const state = await process.lane.run(async () => {
      const taken = this.#states.get(process.id)
      if (taken !== undefined && taken.nextSlot >= nextSlot) return taken
      return await this.#residents.capture(process)
    })
    if (state !== undefined) this.#remember(process.id, state)
    return state
  }

  async #fork(process: HostedProcess, state: State, message: WorkMessage): Promise<Result> {
    const facts = await this.#residents.facts(process)
    const { moduleId, memoryBytes, environment, models, drive } = facts
    const thread = this.#pool.pick()
    try {
      await this.#pool.load(thread, facts)
      const outcome = await thread.request({
        kind: 'fork',
        lane: 'dry-run',
        number: process.number,
        moduleId,
        memoryBytes,
        environment,
        models,
        drive,
        imageName: `${process.id}/${state.nextSlot}`,
        image: state.image,
        message,
      })
      return JSON.parse((outcome as Outcome).json) as Result
    } catch (error) {
      const loss = lossOf(error)
      if (loss?.reason === 'timeout') {
        const limitMs = this.#options.evaluationTimeoutMs
        return errorResult(`evaluation took longer than ${limitMs} ms`)
      }
      if (loss?.reason === 'crash') return errorResult(`evaluation crashed: ${loss.text}`)
      throw error
    }
  }

  #remember(processId: string, state: CapturedState): void {
    this.#forget(processId)
    this.#states.set(processId, state)
    this.#stateBytes += state.image?.length ?? 0
    for (const oldest of this.#states.keys()) {
      if (this.#stateBytes <= this.#options.dryRunStateBytes) return
      this.#forget(oldest)
    }
  }

  #forget(processId: string): void {
    this.#stateBytes -= this.#states.get(processId)?.image?.length ?? 0
    this.#states.delete(processId)
  }
}
