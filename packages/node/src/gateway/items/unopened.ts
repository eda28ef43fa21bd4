import type { Cancel, Timer } from '../../runtime/index.ts'

const pauseGrowthMax = 512

/**
 * Slots of the items log that could not be opened: their disk fails, or something else that may pass. What
 * comes after them does not wait; they are tried again together, after pauses that double while none of
 * them can be opened.
 */
export class Unopened {
  readonly #timer: Timer
  readonly #retryMs: number
  readonly #onDue: () => void
  readonly #slots = new Set<number>()
  #pauseMs: number
  #cancel: Cancel | undefined
  #isDue = false

  constructor(timer: Timer, retryMs: number, onDue: () => void) {
    this.#timer = timer
    this.#retryMs = retryMs
    this.#pauseMs = retryMs
    this.#onDue = onDue
  }

  get count(): number {
    return this.#slots.size
  }

  /** True from the end of a pause until `take`. */
  get isDue(): boolean {
    return this.#isDue
  }

  add(slots: readonly number[]): void {
    for (const slot of slots) this.#slots.add(slot)
    this.#wait()
  }

  /** One is open. */
  drop(slot: number): void {
    this.#slots.delete(slot)
    this.#pauseMs = this.#retryMs
  }

  /** What is to be tried now; each is to be dropped or added again. */
  take(): number[] {
    this.#isDue = false
    this.#pauseMs = Math.min(2 * this.#pauseMs, pauseGrowthMax * this.#retryMs)
    return [...this.#slots]
  }

  close(): void {
    this.#cancel?.()
  }

  #wait(): void {
    if (this.#slots.size === 0 || this.#isDue || this.#cancel !== undefined) return
    this.#cancel = this.#timer.after(this.#pauseMs, () => {
      this.#cancel = undefined
      this.#isDue = true
      this.#onDue()
    })
  }
}
