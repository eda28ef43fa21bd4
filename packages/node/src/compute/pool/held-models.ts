import { modelMemoryFull } from '../errors.ts'

/** A model that a thread has loaded, and what it takes there. */
type Held<Thread> = { readonly thread: Thread; readonly modelId: string; readonly bytes: number }

/**
 * What models take on the threads of a pool, under one bound. Those that no live process calls are
 * unloaded for others, the least recently used first.
 */
export class HeldModels<Thread> {
  readonly #bytesMax: number
  readonly #isUsed: (held: Held<Thread>) => boolean
  readonly #unload: (held: Held<Thread>) => void
  /** Least recently used first. */
  #held: readonly Held<Thread>[] = []
  /** Of those that are being loaded. */
  #comingBytes = 0

  constructor(
    bytesMax: number,
    isUsed: (held: Held<Thread>) => boolean,
    unload: (held: Held<Thread>) => void,
  ) {
    this.#bytesMax = bytesMax
    this.#isUsed = isUsed
    this.#unload = unload
  }

  get bytes(): number {
    return this.#held.reduce((sum, { bytes }) => sum + bytes, this.#comingBytes)
  }

  touch(thread: Thread, modelId: string): void {
    const found = this.#find(thread, modelId)
    if (found === undefined) return
    this.#held = [...this.#held.filter((each) => each !== found), found]
  }

  /**
   * Makes room for about `bytes`, loads, and counts what that took: `load` tells. Rejects with
   * `model-memory-full` before anything is loaded.
   */
  async load(
    thread: Thread,
    modelId: string,
    bytes: number,
    load: () => Promise<number>,
  ): Promise<void> {
    this.#makeRoom(modelId, bytes)
    this.#comingBytes += bytes
    try {
      const heldBytes = await load()
      if (heldBytes > 0) this.#held = [...this.#held, { thread, modelId, bytes: heldBytes }]
    } finally {
      this.#comingBytes -= bytes
    }
  }

  forget(thread: Thread, modelId: string): void {
    const found = this.#find(thread, modelId)
    this.#held = this.#held.filter((each) => each !== found)
  }

  /** The thread has ended, and all on it. */
  drop(thread: Thread): void {
    this.#held = this.#held.filter((each) => each.thread !== thread)
  }

  #find(thread: Thread, modelId: string): Held<Thread> | undefined {
    return this.#held.find((each) => each.thread === thread && each.modelId === modelId)
  }

  #makeRoom(modelId: string, bytes: number): void {
    if (bytes === 0) return
    while (this.bytes + bytes > this.#bytesMax) {
      const victim = this.#held.find((each) => !this.#isUsed(each))
      if (victim === undefined) throw modelMemoryFull(modelId, bytes, this.bytes, this.#bytesMax)
      this.forget(victim.thread, victim.modelId)
      this.#unload(victim)
    }
  }
}
