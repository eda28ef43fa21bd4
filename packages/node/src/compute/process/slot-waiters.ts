/** Those who wait for results of one process. */
export class SlotWaiters {
  readonly #waiting = new Map<number, Set<PromiseWithResolvers<void>>>()

  /**
   * Resolves when the slot's result is durable; rejects with `aborted()` when the signal aborts.
   */
  async wait(slot: number, signal: AbortSignal | undefined, aborted: () => Error): Promise<void> {
    if (signal?.aborted) throw aborted()
    const waiter = Promise.withResolvers<void>()
    const waiters = this.#waiting.get(slot) ?? new Set()
    this.#waiting.set(slot, waiters.add(waiter))
    const onAbort = () => waiter.reject(aborted())
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      await waiter.promise
    } finally {
      signal?.removeEventListener('abort', onAbort)
      waiters.delete(waiter)
      if (waiters.size === 0 && this.#waiting.get(slot) === waiters) this.#waiting.delete(slot)
    }
  }

  resolve(slot: number): void {
    for (const waiter of this.#waiting.get(slot) ?? []) waiter.resolve()
  }

  /** Rejects those who wait for `fromSlot` or a later one. */
  rejectFrom(fromSlot: number, error: Error): void {
    for (const [slot, waiters] of [...this.#waiting]) {
      if (slot < fromSlot) continue
      for (const waiter of waiters) waiter.reject(error)
    }
  }
}
