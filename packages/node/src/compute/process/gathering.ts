import type { Timer } from '../../runtime/index.ts'

/** Batches under way on one thread at which more only wait there: one runs, one is next. */
const batchesEnough = 2
/** Longest wait: a process must not suffer from a neighbour's long messages. */
const patienceMs = 4

/**
 * Lets messages gather while their thread is busy: what each batch costs, beside its messages, is more
 * than a message does. First come, first served; nobody waits for long.
 */
export class Gathering {
  readonly #timer: Timer
  readonly #waiting = new Set<() => void>()
  #underWay = 0

  constructor(timer: Timer) {
    this.#timer = timer
  }

  /** A batch is under way. */
  get busy(): boolean {
    return this.#underWay > 0
  }

  /** Resolves once a batch would not only lie about on the thread. */
  async wait(): Promise<void> {
    if (this.#underWay < batchesEnough) return
    await new Promise<void>((resolve) => {
      const go = () => {
        cancel()
        this.#waiting.delete(go)
        resolve()
      }
      const cancel = this.#timer.after(patienceMs, go)
      this.#waiting.add(go)
    })
  }

  /** Counts a batch for as long as `evaluate` takes. */
  async run<Done>(evaluate: () => Promise<Done>): Promise<Done> {
    this.#underWay++
    try {
      return await evaluate()
    } finally {
      this.#underWay--
      const [next] = this.#waiting
      next?.()
    }
  }
}
