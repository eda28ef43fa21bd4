import { isHeddleError } from '@heddle/protocol/base'
import type { Report } from '../ports.ts'
import type { Prover } from './prover.ts'

type PublisherSettings = {
  readonly prover: Pick<Prover, 'publish'>
  readonly everySlots: number
  readonly warn: Report
}

/** Makes the newest checkpoint of a process public each time so many slots more are durable. */
export class Publisher {
  readonly #settings: PublisherSettings
  readonly #running = new Map<string, Promise<void>>()

  constructor(settings: PublisherSettings) {
    this.#settings = settings
  }

  /** To be called for each durable slot. What fails is tried again at the next interval. */
  durable(processId: string, slot: number): void {
    const { prover, everySlots, warn } = this.#settings
    if ((slot + 1) % everySlots !== 0 || this.#running.has(processId)) return
    const running = prover
      .publish(processId)
      .then(() => undefined)
      .catch((error: unknown) => {
        // A process may not have been worth one yet.
        if (isHeddleError(error, 'checkpoint-missing')) return
        warn({ processId, slot, error }, 'a checkpoint was not published')
      })
      .finally(() => this.#running.delete(processId))
    this.#running.set(processId, running)
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.values())
  }
}
