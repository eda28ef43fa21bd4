import type { Item } from '@heddle/protocol/item'
import { gatewayClosed, itemsBusy } from '../errors.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps } from '../ports.ts'
import type { Catalog } from './catalog.ts'
import { idBytes } from './id.ts'
import { encodeRecord, itemsLog } from './record.ts'

type Waiting = {
  readonly item: Item
  readonly record: Uint8Array
  resolve(): void
  reject(error: unknown): void
}

/**
 * Writes items to the items log. Those that arrive while the disk is busy go out as one append. An
 * id is written once: repeats wait for, or find, the first.
 */
export class Keeper {
  readonly #deps: ItemsDeps
  readonly #options: GatewayOptions
  readonly #catalog: Catalog
  readonly #onKept: (item: Item) => void
  readonly #queue: Waiting[] = []
  /** Items under way or written and not indexed yet, which the catalog cannot tell. */
  readonly #recent = new Map<string, { readonly item: Item; readonly done: Promise<void> }>()
  #waitingBytes = 0
  #busy = false
  #writing: Promise<void> = Promise.resolve()
  #closed = false

  constructor(
    deps: ItemsDeps,
    options: GatewayOptions,
    catalog: Catalog,
    onKept: (item: Item) => void,
  ) {
    this.#deps = deps
    this.#options = options
    this.#catalog = catalog
    this.#onKept = onKept
  }

  /** Resolves when the item is durable. Its signature is the caller's business. */
  keep(item: Item): Promise<void> {
    const recent = this.#recent.get(item.id)
    if (recent !== undefined) return recent.done
    if (this.#closed) return Promise.reject(gatewayClosed())
    if (this.#catalog.isKept(idBytes(item.id))) return Promise.resolve()
    if (this.#waitingBytes + item.bytes.length > this.#options.waitingBytes) {
      return Promise.reject(itemsBusy(this.#waitingBytes))
    }
    const done = this.#enqueue(item)
    this.#recent.set(item.id, { item, done })
    done.catch(() => this.#recent.delete(item.id))
    return done
  }

  /** A durable item that the catalog may not have yet. */
  async recent(id: string): Promise<Item | undefined> {
    const recent = this.#recent.get(id)
    if (recent === undefined) return undefined
    return recent.done.then(
      () => recent.item,
      () => undefined,
    )
  }

  /** The catalog holds these by now. */
  forget(ids: readonly string[]): void {
    for (const id of ids) this.#recent.delete(id)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
  }

  #enqueue(item: Item): Promise<void> {
    const record = encodeRecord(item.bytes, this.#deps.clock.nowMs())
    this.#waitingBytes += record.length
    const done = new Promise<void>((resolve, reject) => {
      this.#queue.push({ item, record, resolve, reject })
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
        for (const { item, resolve } of batch) {
          this.#onKept(item)
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
