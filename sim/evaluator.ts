import type { ComputeFace } from '@heddle/node/compute'
import { decodeHead, encodeRecord, ResultLog } from '@heddle/node/compute/results'
import type { OrderedLog } from '@heddle/node/journal'
import type { Scheduler } from '@heddle/node/scheduler'
import { errorMessage } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { digestResult, resultChainNext, resultChainStart } from '@heddle/protocol/digest'
import { type Assignment, checkChain, type LogEntry } from '@heddle/protocol/message'
import { type ActorState, evaluate, newActor } from './actor.ts'
import type { Life, VirtualTime } from './virtual-time.ts'

type Deps = {
  readonly scheduler: Pick<Scheduler, 'entries' | 'head' | 'onScheduled' | 'processes'>
  readonly results: OrderedLog
  readonly epoch: number
  readonly engine: CryptoEngine
  readonly time: VirtualTime
  readonly life: Life
  /** Something a unit must never see. */
  violate(what: string): void
  warn(what: string): void
}

type Actor = {
  readonly processId: string
  state: ActorState
  chain: Uint8Array
  last: Assignment | undefined
  /** Slots evaluated in this run. */
  slots: number
  busy: boolean
}

/** What follows from evaluating one slot, as the results journal keeps it. */
export function evaluateSlot(
  actor: { readonly state: ActorState; readonly chain: Uint8Array },
  entry: LogEntry,
  engine: CryptoEngine,
): { state: ActorState; chain: Uint8Array; resultJson: string; record: Uint8Array } {
  const { assignment } = entry
  const { state, result } = evaluate(actor.state, entry, engine)
  const link = { assignmentId: assignment.item.id, resultDigest: digestResult(result, engine) }
  const chain = resultChainNext(actor.chain, link, engine)
  const { messageId, timestampMs, blockHeight } = assignment
  const failed = result.Error !== undefined
  const head = { messageId, timestampMs, blockHeight, failed, decidedBy: 'module' as const }
  const resultJson = JSON.stringify(result)
  const record = encodeRecord({ ...head, resultChain: chain }, resultJson)
  return { state, chain, resultJson, record }
}

const entriesPerRead = 16
const retryMs = 50

/**
 * A compute unit on the one thread there is: the real results log, and in place of modules in worker
 * threads the evaluator of `actor.ts`. Every run begins each process at slot 0, and what it finds must
 * be what earlier runs wrote down.
 */
export class Evaluator
  implements Pick<ComputeFace, 'evaluations' | 'evaluatedHead' | 'onEvaluated'>
{
  readonly #deps: Deps
  readonly #results: ResultLog
  readonly #closing = new AbortController()
  readonly #actors = new Map<string, Actor>()
  readonly #listeners: ((processId: string, slot: number) => void)[] = []

  constructor(deps: Deps) {
    this.#deps = deps
    this.#results = new ResultLog({
      results: deps.results,
      epoch: deps.epoch,
      timer: deps.time.timerOf(deps.life),
      signal: this.#closing.signal,
      retryMs,
      recentBytes: 64 * 1024,
      onDurable: (processId, slot) => {
        for (const listener of this.#listeners) listener(processId, slot)
      },
      onRefused: (processId, error) =>
        deps.violate(`results of ${processId} are refused: ${errorMessage(error)}`),
    })
  }

  start(): void {
    this.#deps.scheduler.onScheduled((processId) => void this.#wake(processId))
    for (const processId of this.#deps.scheduler.processes()) void this.#wake(processId)
  }

  evaluations(processId: string, fromSlot: number, limit: number) {
    return this.#results.readMany(processId, fromSlot, limit)
  }

  evaluatedHead(processId: string): number {
    return this.#results.durableHead(processId)
  }

  onEvaluated(listener: (processId: string, slot: number) => void): void {
    this.#listeners.push(listener)
  }

  async close(): Promise<void> {
    this.#closing.abort(new Error('closed'))
    await this.#results.close()
  }

  async #wake(processId: string): Promise<void> {
    const { engine, scheduler, time, warn } = this.#deps
    const actor = this.#actors.get(processId) ?? {
      processId,
      state: newActor,
      chain: resultChainStart(processId, engine),
      last: undefined,
      slots: 0,
      busy: false,
    }
    this.#actors.set(processId, actor)
    if (actor.busy) return
    actor.busy = true
    while (actor.slots < scheduler.head(processId) && !this.#closing.signal.aborted) {
      try {
        const entries = await scheduler.entries(processId, actor.slots, entriesPerRead)
        for (const entry of entries) await this.#step(actor, entry)
      } catch (error) {
        warn(`evaluation of ${processId} waits at ${actor.slots}: ${errorMessage(error)}`)
        await time.sleep(retryMs)
      }
    }
    actor.busy = false
  }

  async #step(actor: Actor, entry: LogEntry): Promise<void> {
    const { engine, results, violate } = this.#deps
    const { processId } = actor
    const { slot } = entry.assignment
    checkChain(actor.last, entry.assignment, engine)
    const next = evaluateSlot(actor, entry, engine)
    if (slot < this.#results.durableHead(processId)) {
      const [before] = await results.read(processId, slot, 1)
      if (before === undefined) throw new Error(`result ${slot} does not read`)
      const chain = decodeHead(before.bytes).resultChain ?? new Uint8Array(0)
      if (!Buffer.from(chain).equals(next.chain)) {
        violate(`replay of ${processId} gives another result at slot ${slot}`)
      }
    } else this.#results.push(processId, next.record)
    actor.state = next.state
    actor.chain = next.chain
    actor.last = entry.assignment
    actor.slots = slot + 1
  }
}
