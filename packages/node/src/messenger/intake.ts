import { encodeBase64Url, isHeddleError, isId } from '@heddle/protocol/base'
import { type Item, parseItem, tagValue, tagValues } from '@heddle/protocol/item'
import type { Courier } from './courier.ts'
import * as errors from './errors.ts'
import { field, type Letter, targetIndex } from './letters.ts'
import type { MessengerOptions } from './options.ts'
import type { AssignOptions, MessengerDeps } from './ports.ts'
import type { State } from './state.ts'

type Deps = Pick<MessengerDeps, 'scheduler' | 'engine' | 'verify'> & {
  readonly state: State
  readonly options: Pick<MessengerOptions, 'itemBytesMax'>
  courier(): Courier
}

/** What a post gave: the item's id, and the process's where a process was spawned. */
type Taken = { readonly id: string; readonly processId?: string }

/** Takes what users post: it has a durable slot when a call resolves. */
export class Intake {
  readonly #deps: Deps

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Reads and verifies an item. Throws kind `invalid`. */
  async verified(body: Uint8Array): Promise<Item> {
    const { options, engine } = this.#deps
    if (body.length === 0) throw errors.postInvalid('the body is empty')
    if (body.length > options.itemBytesMax) {
      throw errors.itemOverLimit(body.length, options.itemBytesMax)
    }
    const item = parseItem(body, engine)
    if (await this.#deps.verify(item)) return item
    throw errors.signatureInvalid(item.id)
  }

  /**
   * Gives an item its slot, here or at its process's scheduler. An item that has one already is taken
   * again with the same answer. Throws `unknown-process` (missing) and what a scheduler refuses with.
   */
  async item(body: Uint8Array): Promise<Taken> {
    const item = await this.verified(body)
    if (!tagValues(item.tags, 'Data-Protocol').includes('ao')) {
      throw errors.postInvalid('the item has no tag Data-Protocol: ao')
    }
    const type = tagValue(item.tags, 'Type')
    if (type === 'Process') return this.#process(item)
    if (type === 'Message') return this.#message(item)
    throw errors.postInvalid(`the item's Type is ${type ?? 'not given'}, not Process or Message`)
  }

  /** Assigns an existing item to a process; resolves with the assignment's id. */
  async assign(processId: string, messageId: string, options: AssignOptions): Promise<string> {
    if (!isId(processId) || !isId(messageId)) {
      throw errors.assignInvalid('process-id and assign must be ids of 43 characters')
    }
    const { scheduler } = this.#deps
    const place = await this.#place(processId)
    if (place !== undefined) {
      const call = () => this.#deps.courier().remote.assign(place, processId, messageId, options)
      return this.#elsewhere(processId, call)
    }
    try {
      return (await scheduler.assign(processId, messageId, options)).id
    } catch (error) {
      const first = firstReceiptId(error)
      if (first === undefined) throw error
      return first
    }
  }

  async #process(item: Item): Promise<Taken> {
    const { courier } = this.#deps
    const place = await courier().locator.spawn(item, undefined, false)
    if (place.kind === 'remote') await courier().remote.schedule(place.url, item)
    else await this.#schedule(item)
    if (item.target.length > 0) await this.#assignToTarget(item)
    return { id: item.id, processId: item.id }
  }

  async #message(item: Item): Promise<Taken> {
    if (item.target.length === 0) throw errors.postInvalid('the message has no target process')
    const processId = encodeBase64Url(item.target)
    const place = await this.#place(processId)
    if (place === undefined) await this.#schedule(item)
    else {
      const call = () => this.#deps.courier().remote.schedule(place, item)
      await this.#elsewhere(processId, call)
    }
    return { id: item.id }
  }

  /** URL of the scheduler of a process; undefined where it is this node's. */
  async #place(processId: string): Promise<string | undefined> {
    const { scheduler, courier } = this.#deps
    if (scheduler.head(processId) > 0) return undefined
    const place = await courier().locator.receiver(processId, false)
    if (place.kind === 'remote') return place.url
    if (place.kind === 'local') return undefined
    throw errors.processUnknown(processId, 'no scheduler has announced it')
  }

  async #elsewhere(processId: string, call: () => Promise<string>): Promise<string> {
    try {
      return await call()
    } catch (error) {
      this.#deps.courier().locator.forget(processId)
      throw error
    }
  }

  async #schedule(item: Item): Promise<void> {
    try {
      await this.#deps.scheduler.schedule(item)
    } catch (error) {
      if (!isHeddleError(error, 'message-exists')) throw error
    }
  }

  /** A process with a target is assigned to it as well: a letter, so that it comes about for sure. */
  async #assignToTarget(item: Item): Promise<void> {
    const letter: Letter = {
      ...{ processId: item.id, epoch: 0, slot: 0, index: targetIndex, part: 0, kind: 'assign' },
      target: encodeBase64Url(item.target),
      messageId: item.id,
    }
    this.#deps.courier().lanes.file(letter)
    await this.#deps.state.durable()
  }
}

/** The id of the first receipt a `message-exists` carries. */
function firstReceiptId(error: unknown): string | undefined {
  if (!isHeddleError(error, 'message-exists')) return undefined
  const id = field(error.details, 'id') ?? field(field(error.details, 'receipt'), 'id')
  return typeof id === 'string' ? id : undefined
}
