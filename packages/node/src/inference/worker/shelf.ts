import { isHeddleError } from '@heddle/protocol/base'
import type { LoadedModel } from '../answer/answer.ts'
import { modelsBusy } from '../errors.ts'

type Held = { readonly model: LoadedModel; answering: number }

/** Models of one thread under one budget of memory, each loaded once for all who ask it. */
export class Shelf {
  readonly #memoryBytesMax: number
  readonly #onEvicted: (id: string) => void
  /** Least recently used first. */
  readonly #held = new Map<string, Held>()

  constructor(memoryBytesMax: number, onEvicted: (id: string) => void) {
    this.#memoryBytesMax = memoryBytesMax
    this.#onEvicted = onEvicted
  }

  has(id: string): boolean {
    return this.#held.has(id)
  }

  /** The model, kept from being evicted until `putBack`. */
  take(id: string): LoadedModel | undefined {
    const held = this.#held.get(id)
    if (held === undefined) return undefined
    held.answering += 1
    this.#held.delete(id)
    this.#held.set(id, held)
    return held.model
  }

  putBack(id: string): void {
    const held = this.#held.get(id)
    if (held !== undefined) held.answering -= 1
  }

  /**
   * Loads a model into what is left, evicting idle ones until it fits. Rejects with `model-too-large`, or
   * `models-busy` where it would fit once others are done.
   */
  async load(
    id: string,
    open: (memoryBytes: number) => Promise<LoadedModel>,
  ): Promise<LoadedModel> {
    for (;;) {
      const left = this.#memoryBytesMax - this.#usedBytes()
      try {
        const model = await open(left)
        this.#held.set(id, { model, answering: 0 })
        return model
      } catch (error) {
        if (!isHeddleError(error, 'model-too-large')) throw error
        const needed = Number(error.details.needed)
        if (needed > this.#memoryBytesMax || this.#held.size === 0) throw error
        if (!this.#evict()) throw modelsBusy(needed, this.#memoryBytesMax)
      }
    }
  }

  #usedBytes(): number {
    let bytes = 0
    for (const { model } of this.#held.values()) bytes += model.engine.memoryBytes
    return bytes
  }

  #evict(): boolean {
    for (const [id, { answering }] of this.#held) {
      if (answering > 0) continue
      this.#held.delete(id)
      this.#onEvicted(id)
      return true
    }
    return false
  }
}
