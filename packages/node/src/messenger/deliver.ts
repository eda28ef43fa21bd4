import { errorMessage, isHeddleError } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import { Semaphore } from '../runtime/index.ts'
import { type Letter, outgoingAt, spawnedLetter, tagAssignments } from './letters.ts'
import type { Locator, Place } from './locate.ts'
import type { MessengerOptions } from './options.ts'
import type { ItemsPort, SchedulerPort } from './ports.ts'
import type { RemoteScheduler } from './remote-scheduler.ts'
import type { Sealer } from './seal.ts'
import type { Senders, SlotOut } from './senders.ts'

/** What became of one attempt. */
export type Outcome =
  /** It has a durable slot; `next` are the letters that having delivered it makes. */
  | { readonly state: 'delivered'; readonly next: readonly Letter[] }
  /** It went to no process and is kept as an item. */
  | { readonly state: 'kept' }
  | { readonly state: 'retry'; readonly error: string }
  /** It can never be delivered. */
  | { readonly state: 'dead'; readonly error: string }

type Deps = {
  readonly scheduler: SchedulerPort
  readonly items: Pick<ItemsPort, 'keep'>
  readonly locator: Locator
  readonly remote: RemoteScheduler
  readonly senders: Senders
  readonly sealer: Sealer
  readonly options: Pick<MessengerOptions, 'parallelLocal' | 'parallelRemote'>
}

const delivered: Outcome = { state: 'delivered', next: [] }

/** Delivers one letter once. Repeating a delivery is harmless, so whatever is in doubt is retried. */
export class Deliverer {
  readonly #deps: Deps
  readonly #local: Semaphore
  readonly #remote: Semaphore
  readonly #spawns: Semaphore

  constructor(deps: Deps) {
    this.#deps = deps
    this.#local = new Semaphore(deps.options.parallelLocal)
    this.#remote = new Semaphore(deps.options.parallelRemote)
    this.#spawns = new Semaphore(deps.options.parallelRemote)
  }

  /** Never throws. `slot` saves reading it again where the caller has it at hand. */
  async deliver(letter: Letter, slot: SlotOut | undefined): Promise<Outcome> {
    try {
      return await this.#gateOf(letter).run(() =>
        letter.kind === 'assign' ? this.#assign(letter) : this.#send(letter, slot),
      )
    } catch (error) {
      return outcomeOf(error)
    }
  }

  /** Gates of their own, or a neighbour that hangs would hold up what never leaves this node. */
  #gateOf(letter: Letter): Semaphore {
    if (letter.kind === 'spawn') return this.#spawns
    return this.#deps.scheduler.head(letter.target) > 0 ? this.#local : this.#remote
  }

  async #send(letter: Letter, given: SlotOut | undefined): Promise<Outcome> {
    const { locator, senders, sealer } = this.#deps
    const slot = given ?? (await senders.slot(letter.processId, letter.slot))
    const item = await sealer.seal(letter, slot)
    const place =
      letter.kind === 'spawn'
        ? await locator.spawn(item, slot.origin.schedulerAddress, true)
        : await locator.receiver(letter.target, letter.target === slot.origin.fromProcess)
    if (place.kind === 'wallet') {
      await this.#deps.items.keep(item)
      return { state: 'kept' }
    }
    await this.#schedule(item, place, letter.target)
    if (letter.kind === 'spawned') return delivered
    if (letter.kind === 'spawn') {
      return { state: 'delivered', next: [spawnedLetter(letter, item.id)] }
    }
    const outgoing = outgoingAt(slot.evaluation.result, letter.index)
    return { state: 'delivered', next: tagAssignments(letter, outgoing, item.id) }
  }

  async #schedule(item: Item, place: Exclude<Place, { kind: 'wallet' }>, target: string) {
    const { scheduler, remote } = this.#deps
    if (place.kind === 'local') await unlessRepeat(scheduler.schedule(item))
    else await this.#elsewhere(target, () => remote.schedule(place.url, item))
  }

  async #assign(letter: Letter): Promise<Outcome> {
    const { scheduler, locator, remote } = this.#deps
    const { target, messageId = '', assign = {} } = letter
    const place = await locator.receiver(target, false)
    if (place.kind === 'wallet') {
      return { state: 'dead', error: `${target} is no process that any node asked knows` }
    }
    if (place.kind === 'remote') {
      await this.#elsewhere(target, () => remote.assign(place.url, target, messageId, assign))
      return delivered
    }
    // The log itself tells whether an earlier attempt got through.
    if ((await scheduler.slotOf(target, messageId)) !== undefined) return delivered
    await unlessRepeat(scheduler.assign(target, messageId, assign))
    return delivered
  }

  /** A process may have moved: where it was not served, it is looked for anew next time. */
  async #elsewhere(target: string, call: () => Promise<string>): Promise<void> {
    try {
      await call()
    } catch (error) {
      this.#deps.locator.forget(target)
      throw error
    }
  }
}

async function unlessRepeat(scheduled: Promise<unknown>): Promise<void> {
  try {
    await scheduled
  } catch (error) {
    if (!isHeddleError(error, 'message-exists')) throw error
  }
}

/**
 * Only a refusal of the letter itself is final. The reference scheduler answers 400 to everything, so
 * a remote "invalid" counts where it comes with a code, that is from a node that tells kinds apart.
 */
function outcomeOf(error: unknown): Outcome {
  const text = errorMessage(error)
  const isFinal = isHeddleError(error) && (error.kind === 'invalid' || error.kind === 'denied')
  const isVague =
    isHeddleError(error, 'scheduler-refused') && error.details.remoteCode === undefined
  return { state: isFinal && !isVague ? 'dead' : 'retry', error: text }
}
