import type { Cancel, Timer } from '@heddle/node/runtime'

/** One run of a node, from its start to its crash or stop. What is dead does nothing any more. */
export type Life = { isOver: boolean }

type Event = { readonly atMs: number; readonly order: number; readonly run: () => void }

/** Never settles: what a call waits for that nobody is left to answer. */
export function forever(): Promise<never> {
  return new Promise(() => undefined)
}

/**
 * The only time there is. Nothing happens between two events but microtasks; these are let run to their
 * end before the next event, so a run is one sequence of steps that its seed alone determines.
 */
export class VirtualTime {
  /** Milliseconds since 1970; with fractions, so that events seldom coincide. */
  nowMs: number
  /** Latest first. */
  readonly #events: Event[] = []
  #order = 0

  constructor(startMs: number) {
    this.nowMs = startMs
  }

  after(delayMs: number, run: () => void): Cancel {
    const event = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, run }
    const at = this.#placeOf(event)
    this.#events.splice(at, 0, event)
    return () => {
      const found = this.#events.lastIndexOf(event)
      if (found >= 0) this.#events.splice(found, 1)
    }
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve))
  }

  /** A timer of one run: once that is over it stays silent. */
  timerOf(life: Life): Timer {
    const after = (delayMs: number, run: () => void) =>
      this.after(delayMs, () => {
        if (!life.isOver) run()
      })
    return {
      after,
      sleep: (delayMs, signal) =>
        new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason)
          const onAbort = () => {
            cancel()
            reject(signal?.reason)
          }
          const cancel = after(delayMs, () => {
            signal?.removeEventListener('abort', onAbort)
            resolve()
          })
          signal?.addEventListener('abort', onAbort, { once: true })
        }),
    }
  }

  /** Runs events until `isDone`; true then, false where nothing is left to happen before `untilMs`. */
  async run(isDone: () => boolean, untilMs: number): Promise<boolean> {
    await microtasks()
    while (!isDone()) {
      const event = this.#events.at(-1)
      if (event === undefined || event.atMs > untilMs) return false
      this.#events.pop()
      this.nowMs = event.atMs
      event.run()
      await microtasks()
    }
    return true
  }

  /** Index before which all events are later. */
  #placeOf(event: Event): number {
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#events[middle]
      const isLater = other !== undefined && other.atMs > event.atMs
      if (isLater) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** Resolves once no microtask is left: an immediate runs only then. Nothing else waits for the loop. */
function microtasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
