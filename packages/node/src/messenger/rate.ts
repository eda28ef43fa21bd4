import type { Clock } from '../runtime/index.ts'

type Bucket = { posts: number; atMs: number }

/** Callers remembered; the one longest unheard of makes room. */
const callersMax = 10_000
const minuteMs = 60_000

/**
 * A token bucket per caller: a full minute's posts may come at once, then as many as the minute refills.
 */
export class RateLimit {
  readonly #clock: Clock
  readonly #buckets = new Map<string, Bucket>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Takes one post of `caller`; milliseconds to wait where there is none left, else 0. */
  take(caller: string, postsPerMinute: number): number {
    if (postsPerMinute === 0) return 0
    const nowMs = this.#clock.elapsedMs()
    const before = this.#buckets.get(caller) ?? { posts: postsPerMinute, atMs: nowMs }
    const refilled = before.posts + ((nowMs - before.atMs) * postsPerMinute) / minuteMs
    const posts = Math.min(postsPerMinute, refilled)
    // Set anew, so that the map stays in order of use.
    this.#buckets.delete(caller)
    this.#buckets.set(caller, { posts: posts >= 1 ? posts - 1 : posts, atMs: nowMs })
    if (this.#buckets.size > callersMax) {
      const oldest = this.#buckets.keys().next().value
      if (oldest !== undefined) this.#buckets.delete(oldest)
    }
    return posts >= 1 ? 0 : Math.ceil(((1 - posts) * minuteMs) / postsPerMinute)
  }
}

/** True for a caller on this machine. */
export function isLoopback(peer: string): boolean {
  const address = peer.startsWith('::ffff:') ? peer.slice('::ffff:'.length) : peer
  return address === '::1' || address.startsWith('127.')
}
