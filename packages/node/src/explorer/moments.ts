import type { Moments } from '@heddle/protocol/api'
import { explorerLimits } from './options.ts'

type Slot = { -readonly [Moment in keyof Moments]: Moments[Moment] }

/** When slots were received, durable, evaluated, published and certified: the newest, in memory only. */
export class MomentLog {
  readonly #slots = new Map<string, Slot>()
  readonly #slotsMax: number

  constructor(slotsMax: number = explorerLimits.momentsMax) {
    this.#slotsMax = slotsMax
  }

  scheduled(processId: string, slot: number, nowMs: number, receivedMs?: number): void {
    const moments = this.#note(processId, slot)
    moments.scheduledMs = nowMs
    if (receivedMs !== undefined) moments.receivedMs = receivedMs
  }

  /** Returns the time since the slot was durable, if that was seen. */
  evaluated(processId: string, slot: number, nowMs: number): number | undefined {
    const moments = this.#note(processId, slot)
    moments.evaluatedMs = nowMs
    return moments.scheduledMs === undefined ? undefined : nowMs - moments.scheduledMs
  }

  /** Of slots that are remembered; a range may be long. */
  lasting(
    what: 'publishedMs' | 'certifiedMs',
    processId: string,
    fromSlot: number,
    toSlot: number,
    nowMs: number,
  ): void {
    for (let slot = Math.max(fromSlot, toSlot - this.#slotsMax); slot < toSlot; slot++) {
      const moments = this.#slots.get(keyOf(processId, slot))
      if (moments !== undefined) moments[what] = nowMs
    }
  }

  of(processId: string, slot: number): Moments {
    return { ...this.#slots.get(keyOf(processId, slot)) }
  }

  #note(processId: string, slot: number): Slot {
    const key = keyOf(processId, slot)
    const known = this.#slots.get(key)
    if (known !== undefined) return known
    const made: Slot = {}
    this.#slots.set(key, made)
    if (this.#slots.size > this.#slotsMax) {
      const oldest = this.#slots.keys().next()
      if (!oldest.done) this.#slots.delete(oldest.value)
    }
    return made
  }
}

function keyOf(processId: string, slot: number): string {
  return `${processId}/${slot}`
}
