import { assert, isHeddleError } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { SlotRun } from '@heddle/protocol/digest'
import type { Item } from '@heddle/protocol/item'
import { errorResult, type LogEntry } from '@heddle/protocol/message'
import type { CheckpointDelta, PackedCheckpoint } from '../checkpoint/index.ts'
import { unknownItem } from '../errors.ts'
import type { ComputeThread } from '../pool/compute-thread.ts'
import type { ModuleSource } from '../pool/module-source.ts'
import type { ThreadPool } from '../pool/thread-pool.ts'
import type { ItemSource } from '../ports.ts'
import { loadFacts, type ProcessFacts } from '../process/facts.ts'
import { presentSlot } from '../process/prepare.ts'
import { neverRuns } from '../process/residents.ts'
import type { Outcome, WorkMessage } from '../worker/protocol.ts'

export type RunnerDependencies = {
  readonly items: ItemSource
  readonly verify: (item: Item) => Promise<boolean>
  readonly engine: CryptoEngine
  readonly modules: ModuleSource
  readonly pool: ThreadPool
}

/** Where a runner begins: slot 0's entry says what the process is. */
export type RunnerStart = {
  readonly first: LogEntry
  /** The state before `nextSlot`; absent: a new process, slot 0 comes first. */
  readonly checkpoint?: { readonly packed: PackedCheckpoint; readonly nextSlot: number } | undefined
}

/**
 * Evaluates the slots of one process in order, outside any unit: what a third party checks a unit
 * with. To be closed.
 */
export class SlotRunner {
  readonly facts: ProcessFacts
  readonly #dependencies: RunnerDependencies
  #thread: ComputeThread | undefined
  readonly #slotOf = new Map<string, number>()

  private constructor(dependencies: RunnerDependencies, facts: ProcessFacts) {
    this.#dependencies = dependencies
    this.facts = facts
  }

  /**
   * Rejects with `unknown-module`, `log-invalid`, or `image-invalid` where the checkpoint is not
   * what it says.
   */
  static async open(
    dependencies: RunnerDependencies,
    { first, checkpoint }: RunnerStart,
  ): Promise<SlotRunner> {
    const { processId } = first.assignment
    const log = {
      entries: async () => [first],
      head: () => 1,
      slotOf: async () => undefined,
      processes: () => [processId],
      onScheduled: () => undefined,
    }
    const facts = await loadFacts({ ...dependencies, log }, processId)
    const runner = new SlotRunner(dependencies, facts)
    await runner.#start(checkpoint)
    return runner
  }

  /**
   * Runs the next slot. Rejects where this machine cannot tell, e.g. with `compute-thread-lost`.
   */
  async run(entry: LogEntry): Promise<SlotRun> {
    const { facts } = this
    const { engine } = this.#dependencies
    const { messageId, processId, slot } = entry.assignment
    const item = entry.message ?? (await this.#assigned(messageId))
    if (item === undefined) throw unknownItem(messageId, processId, slot)
    const first = this.#slotOf.get(messageId)
    if (first !== undefined) {
      return { result: errorResult(`message ${messageId} was evaluated before, at slot ${first}`) }
    }
    this.#slotOf.set(messageId, slot)
    if (facts.broken !== undefined) return { result: errorResult(facts.broken) }
    const { work } = presentSlot(facts, entry, item, engine)
    const outcome = await this.#evaluate(processId, [work])
    return { result: JSON.parse(outcome.json) }
  }

  /** An item that was assigned by its id, if the one that is to be had is it. */
  async #assigned(messageId: string): Promise<Item | undefined> {
    const { items, verify } = this.#dependencies
    const item = await items.item(messageId)
    return item?.id === messageId && (await verify(item)) ? item : undefined
  }

  /** Root of the state now; undefined where nothing was evaluated yet. */
  async stateRoot(): Promise<Uint8Array | undefined> {
    const request = { kind: 'checkpoint', processId: this.#processId, close: false } as const
    const delta = (await this.#thread?.request(request)) as CheckpointDelta | undefined
    return delta?.stateRoot
  }

  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    if (thread === undefined || thread.loss !== undefined) return
    await thread.request({ kind: 'close', processId: this.#processId }).catch(() => undefined)
  }

  get #processId(): string {
    return this.facts.process.id
  }

  async #start(checkpoint: RunnerStart['checkpoint']): Promise<void> {
    const { facts } = this
    if (facts.broken !== undefined) return
    const { moduleId, memoryBytes, environment, models, drive } = facts
    const processId = this.#processId
    const nextSlot = checkpoint?.nextSlot ?? 0
    try {
      const { pool } = this.#dependencies
      const thread = pool.pick()
      await pool.load(thread, facts)
      const names = { kind: 'open', processId, number: 0, moduleId } as const
      const state = { nextSlot, checkpoint: checkpoint?.packed, unprovenFor: nextSlot }
      await thread.request({ ...names, memoryBytes, environment, models, drive, ...state })
      this.#thread = thread
    } catch (error) {
      // A checkpoint that is refused says nothing about the module.
      const reason = isHeddleError(error, 'image-invalid') ? undefined : neverRuns(error)
      if (reason === undefined) throw error
      facts.broken = `module ${moduleId} cannot run: ${reason}`
    }
  }

  async #evaluate(processId: string, messages: readonly WorkMessage[]): Promise<Outcome> {
    assert(this.#thread !== undefined, 'a process that is not broken is live')
    const outcomes: Outcome[] = []
    await this.#thread.request(
      { kind: 'evaluate', processId, messages },
      { onOutcome: (outcome) => outcomes.push(outcome), onCheckpoint: () => undefined },
    )
    const [outcome] = outcomes
    assert(outcome !== undefined, 'an evaluation has an outcome')
    return outcome
  }
}
