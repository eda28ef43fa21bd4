import { assert } from '@heddle/protocol/base'
import { ownerAddress, type Tag, tagValue } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'
import type { Origin } from './drafts.ts'
import { resultMissing } from './errors.ts'
import type { Evaluation, MessengerDeps } from './ports.ts'

/** What never changes about a process of this node. */
export type Sender = {
  readonly processId: string
  readonly tags: readonly Tag[]
  readonly ownerAddress: string
  readonly spawnedMs: number
  readonly spawnHeight: number
}

/** A slot whose result goes out, with what its items say about their origin. */
export type SlotOut = {
  readonly epoch: number
  readonly origin: Origin
  readonly evaluation: Evaluation
}

const sendersMax = 4096

/** Reads from the log and the results what the items to push are made of. */
export class Senders {
  readonly #deps: Pick<MessengerDeps, 'scheduler' | 'compute' | 'engine'>
  readonly #known = new Map<string, Sender>()

  constructor(deps: Pick<MessengerDeps, 'scheduler' | 'compute' | 'engine'>) {
    this.#deps = deps
  }

  /** A process scheduled here, read from its slot 0; undefined for any other. */
  async sender(processId: string): Promise<Sender | undefined> {
    const known = this.#known.get(processId)
    if (known !== undefined) return known
    const { scheduler, engine } = this.#deps
    if (scheduler.head(processId) === 0) return undefined
    const [first] = await scheduler.entries(processId, 0, 1)
    const item = first?.message
    if (first === undefined || item === undefined) return undefined
    const sender: Sender = {
      processId,
      tags: item.tags,
      ownerAddress: ownerAddress(item, engine),
      spawnedMs: first.assignment.timestampMs,
      spawnHeight: first.assignment.blockHeight,
    }
    if (this.#known.size >= sendersMax) {
      const oldest = this.#known.keys().next().value
      if (oldest !== undefined) this.#known.delete(oldest)
    }
    this.#known.set(processId, sender)
    return sender
  }

  /** Adds origins to consecutive evaluations of one process. */
  async withOrigins(processId: string, evaluations: readonly Evaluation[]): Promise<SlotOut[]> {
    const first = evaluations[0]?.slot
    const last = evaluations.at(-1)?.slot
    if (first === undefined || last === undefined) return []
    const sender = await this.sender(processId)
    assert(sender, `process ${processId} has results and no slot 0`)
    const { scheduler } = this.#deps
    const entries = new Map<number, LogEntry>()
    // A scheduler may cut a page short.
    for (let slot = first; slot <= last; ) {
      const page = await scheduler.entries(processId, slot, last - slot + 1)
      if (page.length === 0) break
      for (const entry of page) entries.set(entry.assignment.slot, entry)
      slot = (page.at(-1)?.assignment.slot ?? last) + 1
    }
    return evaluations.map((evaluation) => {
      const entry = entries.get(evaluation.slot)
      assert(entry, `slot ${evaluation.slot} of ${processId} has a result and no log entry`)
      return { epoch: entry.assignment.epoch, origin: originOf(sender, entry), evaluation }
    })
  }

  /** One slot, read again. Throws `result-missing` where it is not evaluated. */
  async slot(processId: string, slot: number): Promise<SlotOut> {
    const evaluations = await this.#deps.compute.evaluations(processId, slot, 1, 1)
    const [out] =
      evaluations[0]?.slot === slot ? await this.withOrigins(processId, evaluations) : []
    if (out === undefined) throw resultMissing(`slot ${slot} of ${processId} has no result yet`)
    return out
  }
}

function originOf(sender: Sender, { assignment, message }: LogEntry): Origin {
  return {
    processId: sender.processId,
    moduleId: tagValue(sender.tags, 'Module') ?? '',
    schedulerAddress: tagValue(sender.tags, 'Scheduler') ?? '',
    fromProcess: message && tagValue(message.tags, 'From-Process'),
    pushedFor: (message && tagValue(message.tags, 'Pushed-For')) ?? assignment.messageId,
  }
}
