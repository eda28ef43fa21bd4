import { assert } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import { nodeCrypto } from '../../runtime/index.ts'
import { arrivedError } from '../carried-error.ts'
import type { Job, Verdict } from './batch.ts'
import type { CheckedTransaction } from './check-transaction.ts'
import { verifierBusy, verifierClosed } from './errors.ts'
import { readVerifierOptions, type VerifierOptions } from './options.ts'
import { Thread } from './thread.ts'
import { VerifiedItems } from './verified-items.ts'

export type Verifier = {
  /**
   * Tells whether the owner signed the item; the work is done on another thread. Rejects with
   * `verifier-busy` (exhausted), `verifier-crashed` or `verifier-closed` (unavailable).
   */
  verify(item: Item): Promise<boolean>
  /**
   * Reads and checks a layer-1 transaction, given as its JSON, on another thread. Rejects with what
   * is wrong with it, and as `verify` does.
   */
  checkTransaction(body: Uint8Array): Promise<CheckedTransaction>
  /**
   * Notes an item this node has just signed itself, so that its own compute unit need not check it
   * again. What is remembered beyond the object is the digest of all its bytes: read back with one
   * bit changed, it is checked like any other.
   */
  remember(item: Item): void
  /** Ends the threads. Items without a verdict are rejected with `verifier-closed`. */
  close(): Promise<void>
}

/** A job without a verdict. */
type Pending = Job & {
  resolve(verdict: Verdict): void
  reject(error: unknown): void
}

/** Starts a pool of verification threads; each thread itself starts with its first batch. */
export function createVerifier(options: VerifierOptions = {}): Verifier {
  const pool = new VerifierPool(readVerifierOptions(options))
  return {
    verify: (item) => pool.verify(item),
    checkTransaction: (body) => pool.checkTransaction(body),
    remember: (item) => pool.remember(item),
    close: () => pool.close(),
  }
}

class VerifierPool {
  readonly #settings: Required<VerifierOptions>
  readonly #threads: readonly Thread[]
  readonly #verified: VerifiedItems
  /** Items as objects, which nobody changes: these need not even be digested again. */
  readonly #inHand = new WeakSet<Item>()
  #queue: Pending[] = []
  #unansweredItems = 0
  #unansweredBytes = 0
  #dispatchPlanned = false
  #closed = false

  constructor(settings: Required<VerifierOptions>) {
    this.#settings = settings
    this.#threads = Array.from({ length: settings.threads }, () => new Thread(settings.workerUrl))
    this.#verified = new VerifiedItems(settings.cacheItems)
  }

  async verify(item: Item): Promise<boolean> {
    if (this.#closed) throw verifierClosed()
    if (this.#inHand.has(item)) return true
    const { bytes } = item
    const digest = this.#digest(bytes)
    if (digest !== undefined && this.#verified.has(digest)) return true
    const valid = (await this.#ask({ kind: 'item', bytes })) === 1
    // Only what holds is remembered: strangers could fill the memory with refusals.
    if (valid) this.#inHand.add(item)
    if (valid && digest !== undefined) this.#verified.add(digest)
    return valid
  }

  async checkTransaction(body: Uint8Array): Promise<CheckedTransaction> {
    if (this.#closed) throw verifierClosed()
    const verdict = await this.#ask({ kind: 'transaction', bytes: body })
    assert(typeof verdict === 'object', 'a transaction is answered with what it is')
    if ('error' in verdict) throw arrivedError(verdict.error)
    return verdict
  }

  remember(item: Item): void {
    this.#inHand.add(item)
    const digest = this.#digest(item.bytes)
    if (digest !== undefined) this.#verified.add(digest)
  }

  async close(): Promise<void> {
    this.#closed = true
    const error = verifierClosed()
    for (const pending of this.#queue.splice(0)) pending.reject(error)
    await Promise.all(this.#threads.map((thread) => thread.close(error)))
  }

  async #ask(job: Job): Promise<Verdict> {
    const { length } = job.bytes
    this.#admit(length)
    try {
      return await new Promise<Verdict>((resolve, reject) => {
        this.#queue.push({ ...job, resolve, reject })
        this.#planDispatch()
      })
    } finally {
      this.#unansweredItems--
      this.#unansweredBytes -= length
    }
  }

  #digest(bytes: Uint8Array): string | undefined {
    const { cacheItems, cacheItemBytes } = this.#settings
    if (cacheItems === 0 || bytes.length > cacheItemBytes) return undefined
    return Buffer.from(nodeCrypto.sha256(bytes)).toString('latin1')
  }

  /** Counts an item in, or refuses it. Copies and queue are bounded by this alone. */
  #admit(bytes: number): void {
    const { queueItems, queueBytes } = this.#settings
    const items = this.#unansweredItems
    // An item larger than the whole queue must still pass when nothing else is there.
    const tooManyBytes = items > 0 && this.#unansweredBytes + bytes > queueBytes
    if (items >= queueItems || tooManyBytes) throw verifierBusy(items, this.#unansweredBytes)
    this.#unansweredItems++
    this.#unansweredBytes += bytes
  }

  /**
   * Waits for the end of this turn of the event loop, so that what arrives together goes together.
   */
  #planDispatch(): void {
    if (this.#dispatchPlanned) return
    this.#dispatchPlanned = true
    setImmediate(() => {
      this.#dispatchPlanned = false
      this.#dispatch()
    })
  }

  #dispatch(): void {
    const idle = this.#threads.filter((thread) => thread.underWay === 0)
    for (const [index, thread] of idle.entries()) {
      if (this.#queue.length === 0) return
      // An equal share each: one full batch would leave the other threads without work.
      const share = Math.ceil(this.#queue.length / (idle.length - index))
      void this.#run(thread, this.#takeBatch(share))
    }
    // A second batch, if it is a full one: the thread goes on while the loop takes in the first's verdicts.
    const { batchItems } = this.#settings
    for (const thread of this.#threads) {
      if (this.#queue.length < batchItems) return
      if (thread.underWay === 1) void this.#run(thread, this.#takeBatch(batchItems))
    }
  }

  #takeBatch(share: number): Pending[] {
    const { batchItems, batchBytes } = this.#settings
    const most = Math.min(share, batchItems, this.#queue.length)
    let bytes = this.#queue[0]?.bytes.length ?? 0
    let count = 1
    while (count < most) {
      bytes += this.#queue[count]?.bytes.length ?? 0
      if (bytes > batchBytes) break
      count++
    }
    return this.#queue.splice(0, count)
  }

  async #run(thread: Thread, batch: readonly Pending[]): Promise<void> {
    try {
      const verdicts = await thread.run(batch)
      for (const [index, { resolve }] of batch.entries()) resolve(verdicts[index] ?? 0)
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
    this.#dispatch()
  }
}
