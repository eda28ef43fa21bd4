import type { Cancel } from '../../runtime/index.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps } from '../ports.ts'
import { encodeOrder } from './order.ts'

/** Times the first pause that pauses between attempts grow to. */
const retryGrowth = 32

/**
 * Hands ids of kept items to the base layer, many in one payload. What is under way when the node
 * stops is found without a height in the catalog at the next start and handed over again; the first
 * block that holds an id counts.
 */
export class Orderer {
  readonly #deps: Pick<ItemsDeps, 'consensus' | 'timer' | 'onFault'>
  readonly #options: GatewayOptions
  #waiting: Uint8Array[]
  #timer: Cancel | undefined
  #submitting = false
  #pauseMs: number
  #closed = false

  constructor(
    deps: Pick<ItemsDeps, 'consensus' | 'timer' | 'onFault'>,
    options: GatewayOptions,
    unordered: readonly Uint8Array[],
  ) {
    this.#deps = deps
    this.#options = options
    this.#waiting = [...unordered]
    this.#pauseMs = options.orderRetryMs
    this.#schedule(0)
  }

  add(id: Uint8Array): void {
    this.#waiting.push(id)
    this.#schedule(this.#options.orderDelayMs)
  }

  close(): void {
    this.#closed = true
    this.#timer?.()
  }

  #schedule(delayMs: number): void {
    const idle = this.#timer === undefined && !this.#submitting
    if (this.#closed || !idle || this.#waiting.length === 0) return
    this.#timer = this.#deps.timer.after(delayMs, () => {
      this.#timer = undefined
      void this.#submit()
    })
  }

  async #submit(): Promise<void> {
    const ids = this.#waiting.splice(0, this.#options.orderItems)
    this.#submitting = true
    let delayMs = this.#options.orderDelayMs
    try {
      await this.#deps.consensus.submit(encodeOrder(ids))
      this.#pauseMs = this.#options.orderRetryMs
    } catch (error) {
      this.#waiting = [...ids, ...this.#waiting]
      delayMs = this.#pauseMs
      this.#pauseMs = Math.min(this.#pauseMs * 2, this.#options.orderRetryMs * retryGrowth)
      if (!this.#closed) this.#deps.onFault('ordering kept items', error)
    }
    this.#submitting = false
    this.#schedule(delayMs)
  }
}
