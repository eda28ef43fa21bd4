import { errorMessage } from '@heddle/protocol/base'
import { isRetained } from '@heddle/protocol/params'
import { copiesEmpty, copiesShort } from '../errors.ts'
import type { KeeperPlace, PromisedItem } from '../face.ts'
import type { CopiesOptions } from '../options.ts'
import type { Placement, Placements } from '../state/placements.ts'
import { type AskParts, challengeKeeper, sendCopy, signRequest } from './ask-keeper.ts'
import { checkChoice, describeRetention, type Keepers, neededKeepers } from './keepers.ts'

export type PlacerParts = {
  readonly asking: AskParts
  readonly keepers: Keepers
  readonly placements: Placements
  readonly options: Pick<CopiesOptions, 'challengeEveryMs'>
  /** Has what is due looked at now rather than soon. */
  wake(): void
}

const nonceBytes = 32

/** The side of a node that has others keep copies for it. */
export class Placer {
  readonly #parts: PlacerParts
  /** Uploads being placed, so that an upload that comes twice is placed once. */
  readonly #placing = new Map<string, Promise<void>>()
  readonly #recovered: Promise<void>
  #recover: () => void = () => {}
  #recovering: Promise<void> | undefined

  constructor(parts: PlacerParts) {
    this.#parts = parts
    this.#recovered = new Promise((resolve) => {
      this.#recover = resolve
      parts.asking.signal.addEventListener('abort', () => resolve())
    })
  }

  /** See `Copies.keep`. */
  keep(item: PromisedItem, keep: () => Promise<void>): Promise<void> {
    const before = this.#placing.get(item.id)
    if (before !== undefined) return before
    const placing = this.#keep(item, keep).finally(() => this.#placing.delete(item.id))
    this.#placing.set(item.id, placing)
    return placing
  }

  /**
   * Takes up what was being placed when the node ended: where the item itself is kept, its copies are
   * promised; where it is not, nobody was told so, and they are released. Done once; uploads wait for it.
   */
  recover(): Promise<void> {
    this.#recovering ??= this.#takeUp().catch((error: unknown) => {
      this.#recovering = undefined
      throw error
    })
    return this.#recovering
  }

  /** Asks one keeper more for a copy of an item, and has it proven. Rejects with `keeper-failed`. */
  async place(item: PromisedItem | Placement, keeper: KeeperPlace): Promise<void> {
    const { asking, placements, keepers, options } = this.#parts
    const { random, clock } = asking.deps.runtime
    const signed = await signRequest(asking, item, keeper)
    placements.ask(item, signed.request, keeper, clock.nowMs())
    try {
      const promise = await sendCopy(asking, item, keeper, signed)
      await challengeKeeper(asking, item.data, keeper, random.bytes(nonceBytes))
      const nowMs = clock.nowMs()
      placements.hold(signed.request, promise, nowMs, nowMs + options.challengeEveryMs)
    } catch (error) {
      keepers.forget(keeper)
      // While the node closes nothing more is written: the next start finds what was asked for.
      if (!asking.signal.aborted) placements.owe(signed.request, clock.nowMs())
      throw error
    }
  }

  async #takeUp(): Promise<void> {
    const { placements, asking } = this.#parts
    const { items, runtime } = asking.deps
    const nowMs = runtime.clock.nowMs()
    placements.oweAsked(nowMs)
    for (const { id } of placements.unsettled()) {
      if (await items.isKept(id)) placements.settle(id)
      else placements.drop(id, nowMs)
    }
    this.#recover()
  }

  async #keep(item: PromisedItem, keep: () => Promise<void>): Promise<void> {
    const { placements, keepers, asking, wake } = this.#parts
    const { id, data, retention } = item
    if (data.sizeBytes === 0) throw copiesEmpty(id)
    await this.#recovered
    asking.signal.throwIfAborted()
    // Promised until a time that is over is not promised.
    if (!isRetained(retention, asking.deps.runtime.clock.nowMs())) return await keep()
    if (placements.find(id)?.state === 'kept') return await keep()
    const choice = await keepers.choose(retention, data.sizeBytes)
    checkChoice(retention, choice)
    placements.begin(item, choice.ownUnfit === undefined)
    try {
      await this.#placeAll(item, choice.fitting, neededKeepers(retention, choice))
      await keep()
    } catch (error) {
      if (!asking.signal.aborted) placements.drop(id, asking.deps.runtime.clock.nowMs())
      wake()
      throw error
    }
    placements.settle(id)
  }

  /** Places at `needed` of the keepers at once; where one fails, at the next of them. */
  async #placeAll(
    item: PromisedItem,
    fitting: readonly KeeperPlace[],
    needed: number,
  ): Promise<void> {
    const queue = [...fitting]
    const failed: string[] = []
    let placed = 0
    const placeOne = async () => {
      for (let keeper = queue.shift(); keeper !== undefined; keeper = queue.shift()) {
        try {
          await this.place(item, keeper)
          placed++
          return
        } catch (error) {
          this.#parts.asking.signal.throwIfAborted()
          failed.push(errorMessage(error))
        }
      }
    }
    const results = await Promise.allSettled(Array.from({ length: needed }, placeOne))
    for (const result of results) if (result.status === 'rejected') throw result.reason
    if (placed >= needed) return
    const { retention, id } = item
    const text =
      `the upload asks for ${describeRetention(retention)}; ${needed} keepers must hold one and ` +
      `${placed} did: ${failed.join('; ')}.`
    throw copiesShort(text, { id, needed, placed })
  }
}
