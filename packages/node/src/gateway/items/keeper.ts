import { idBytes } from '../catalog/id.ts'
import type { KnownIds } from '../catalog/known-ids.ts'
import { itemsLog } from '../catalog/location.ts'
import { gatewayClosed, itemsBusy } from '../errors.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps } from '../ports.ts'
import type { Holding } from './holding.ts'
import { encodeRecord, stampRecord } from './record.ts'

type Waiting = {
  /** Absent for a record that keeps nothing by itself. */
  readonly id: string | undefined
  readonly record: Uint8Array
  resolve(): void
  reject(error: unknown): void
}

type Recent = { readonly holding: () => Holding; readonly done: Promise<void> }

/**
 * Writes items and transactions to the items log. Those that arrive while the disk is busy go out
 * as one append. An id is written once: repeats wait for, or find, the first.
 */
export class Keeper {
  readonly #deps: ItemsDeps
  readonly #options: GatewayOptions
  readonly #known: KnownIds
  readonly #isKept: (id: Uint8Array) => Promise<boolean>
  readonly #onWritten: (id: string | undefined) => void
  readonly #queue: Waiting[] = []
  /** Items under way or written and not indexed yet, which the catalog cannot tell. */
  readonly #recent = new Map<string, Recent>()
  #waitingBytes = 0
  #busy = false
  #writing: Promise<void> = Promise.resolve()
  #closed = false

  constructor(
    deps: ItemsDeps,
    options: GatewayOptions,
    known: KnownIds,
    isKept: (id: Uint8Array) => Promise<boolean>,
    onWritten: (id: string | undefined) => void,
  ) {
    this.#deps = deps
    this.#options = options
    this.#known = known
    this.#isKept = isKept
    this.#onWritten = onWritten
  }

  /**
   * Writes a record, which gets its time of arrival here; resolves when it is durable. Its signature
   * is the caller's business. `holding` says what it holds, where somebody asks before it is indexed.
   */
  keep(id: string, record: Uint8Array, holding: () => Holding): Promise<void> {
    const recent = this.#recent.get(id)
    if (recent !== undefined) return recent.done
    const done = this.#keepOnce(id, record)
    this.#recent.set(id, { holding, done })
    done.catch(() => this.#recent.delete(id))
    return done
  }

  /** Notes that the data of the transaction at a slot is all here; durable when it resolves. */
  async noteSeeded(slot: number): Promise<void> {
    await this.#enqueue(undefined, encodeRecord({ kind: 'seeded', slot }, 0))
  }

  /** What is durable and the catalog may not have yet. */
  async recent(id: string): Promise<Holding | undefined> {
    const recent = this.#recent.get(id)
    return recent?.done.then(
      () => recent.holding(),
      () => undefined,
    )
  }

  /** The catalog holds these by now. */
  forget(ids: readonly string[]): void {
    for (const id of ids) {
      this.#recent.delete(id)
      this.#known.add(idBytes(id))
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
  }

  /** The filter spares all that is new, but for a few, the look at the index. */
  async #keepOnce(id: string, record: Uint8Array): Promise<void> {
    const bytes = idBytes(id)
    if (!this.#closed && this.#known.mayHold(bytes) && (await this.#isKept(bytes))) {
      this.#recent.delete(id)
      return
    }
    await this.#enqueue(id, record)
    this.#known.add(bytes)
  }

  async #enqueue(id: string | undefined, record: Uint8Array): Promise<void> {
    if (this.#closed) throw gatewayClosed()
    stampRecord(record, this.#deps.clock.nowMs())
    if (this.#waitingBytes + record.length > this.#options.waitingBytes) {
      throw itemsBusy(this.#waitingBytes)
    }
    this.#waitingBytes += record.length
    const done = new Promise<void>((resolve, reject) => {
      this.#queue.push({ id, record, resolve, reject })
    })
    if (!this.#busy) this.#writing = this.#write()
    return done
  }

  async #write(): Promise<void> {
    const { journal, epoch } = this.#deps
    this.#busy = true
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch()
      try {
        const records = batch.map(({ record }) => record)
        await journal.append(itemsLog, journal.head(itemsLog), epoch, records)
        for (const { id, resolve } of batch) {
          this.#onWritten(id)
          resolve()
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
      for (const { record } of batch) this.#waitingBytes -= record.length
    }
    // In the same step as the look at the queue: what comes later starts a writer of its own.
    this.#busy = false
  }

  #takeBatch(): Waiting[] {
    let count = 0
    for (let bytes = 0; count < this.#queue.length; count++) {
      bytes += this.#queue[count]?.record.length ?? 0
      if (count > 0 && bytes > this.#options.appendBytes) break
    }
    return this.#queue.splice(0, count)
  }
}
