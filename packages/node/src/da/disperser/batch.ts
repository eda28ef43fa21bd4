import type { Cancel, Timer } from '../../runtime/index.ts'
import { disperserClosed } from './errors.ts'
import type { DisperserOptions } from './options.ts'

/** Where a blob went: the batch's result, and its bytes in the batch. */
export type Packed<Result> = {
  readonly result: Result
  readonly fromByte: number
  readonly toByte: number
}

type Batch<Result> = {
  readonly parts: Uint8Array[]
  bytes: number
  readonly cancel: Cancel
  readonly outcome: PromiseWithResolvers<Result>
}

/**
 * Packs small blobs of one key (their expiry) into batches: one is published when it has
 * `batchBytes`, or when its first blob has waited `batchMs`. Blobs lie in it one after another.
 */
export class BatchPacker<Result> {
  readonly #timer: Pick<Timer, 'after'>
  readonly #options: Pick<DisperserOptions, 'batchBytes' | 'batchMs'>
  readonly #publish: (key: number, parts: readonly Uint8Array[]) => Promise<Result>
  readonly #open = new Map<number, Batch<Result>>()

  constructor(
    timer: Pick<Timer, 'after'>,
    options: Pick<DisperserOptions, 'batchBytes' | 'batchMs'>,
    publish: (key: number, parts: readonly Uint8Array[]) => Promise<Result>,
  ) {
    this.#timer = timer
    this.#options = options
    this.#publish = publish
  }

  /** Resolves when the batch is published; rejects with why it is not. */
  async add(
    key: number,
    parts: readonly Uint8Array[],
    lengthBytes: number,
  ): Promise<Packed<Result>> {
    const { batchBytes } = this.#options
    const open = this.#open.get(key)
    if (open !== undefined && open.bytes + lengthBytes > batchBytes) this.#send(key, open)
    const batch = this.#open.get(key) ?? this.#begin(key)
    const fromByte = batch.bytes
    batch.parts.push(...parts)
    batch.bytes += lengthBytes
    if (batch.bytes >= batchBytes) this.#send(key, batch)
    const result = await batch.outcome.promise
    return { result, fromByte, toByte: fromByte + lengthBytes }
  }

  /** Refuses what waits. */
  close(): void {
    for (const { cancel, outcome } of this.#open.values()) {
      cancel()
      outcome.reject(disperserClosed())
    }
    this.#open.clear()
  }

  #begin(key: number): Batch<Result> {
    const cancel = this.#timer.after(this.#options.batchMs, () => this.#send(key, batch))
    const outcome = Promise.withResolvers<Result>()
    const batch: Batch<Result> = { parts: [], bytes: 0, cancel, outcome }
    this.#open.set(key, batch)
    return batch
  }

  #send(key: number, batch: Batch<Result>): void {
    batch.cancel()
    this.#open.delete(key)
    this.#publish(key, batch.parts).then(batch.outcome.resolve, batch.outcome.reject)
  }
}
