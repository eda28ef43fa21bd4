import { join } from 'node:path'
import { audit } from './audit.ts'
import { ByteBudget } from './byte-budget.ts'
import { ChunkBytes } from './chunk-bytes.ts'
import { type CollectParts, collect } from './collect.ts'
import { DataLocks } from './data-locks.ts'
import { dataNameInvalid, holderInvalid, rangeInvalid, storeClosed } from './errors.ts'
import type { CollectReport, ReadOptions, Store, StoredData, StoreStatus } from './face.ts'
import { HashThreads } from './hash/hash-threads.ts'
import { openIndexFile, removeIndexFile } from './index-schema.ts'
import { keepChunk } from './keep-chunk.ts'
import { type StoreOptions, storeOptions } from './options.ts'
import type { StoreDeps } from './ports.ts'
import { prove } from './prove.ts'
import { readChunk, readData } from './read-data.ts'
import { ReadMemory } from './read-memory.ts'
import { type DataKey, encodeHold, encodeRelease, keyOf } from './record.ts'
import { catchUp } from './recover.ts'
import { storeRoutes } from './routes.ts'
import { readStatus } from './status.ts'
import { StoreIndex } from './store-index.ts'
import { writeData } from './write-data.ts'

const holderBytesMax = 128

/**
 * Opens the store in a folder of its own, takes up what a crash left, and collects from time to time.
 * The caller makes sure nobody else has the folder.
 */
export async function openStore(
  folder: string,
  deps: StoreDeps,
  given: Partial<StoreOptions> = {},
): Promise<Store> {
  const options = storeOptions(given)
  const { runtime, engine } = deps
  await runtime.disk.makeFolder(folder)
  const indexPath = join(folder, 'index.sqlite')
  const database = await openIndexFile(indexPath, runtime.disk)
  const index = new StoreIndex(database, indexPath, () => runtime.clock.nowMs())
  let damaged = 0
  const onDamage: StoreDeps['onDamage'] = (damage) => {
    if (!damage.isTail) damaged++
    deps.onDamage(damage)
  }
  try {
    const lastSegment = await catchUp(runtime.disk, folder, index, onDamage)
    const hashing = new HashThreads(options.hashThreads)
    const tell = (path: string, offset: number, bytes: number) =>
      onDamage({ path, offset, bytes, isTail: false })
    const chunks = new ChunkBytes(runtime, folder, options, index, lastSegment, hashing, tell)
    const damagedCount = () => damaged
    return new OpenStore({ deps, options, folder, index, chunks, hashing, engine, damagedCount })
  } catch (error) {
    index.close()
    throw error
  }
}

/** Removes the index of a closed store; the next `openStore` builds it from the segments. */
export async function dropStoreIndex(
  folder: string,
  { disk }: Pick<StoreDeps['runtime'], 'disk'>,
): Promise<void> {
  await removeIndexFile(join(folder, 'index.sqlite'), disk)
}

type Parts = {
  readonly deps: StoreDeps
  readonly options: StoreOptions
  readonly folder: string
  readonly index: StoreIndex
  readonly chunks: ChunkBytes
  readonly hashing: HashThreads
  readonly engine: StoreDeps['engine']
  damagedCount(): number
}

class OpenStore implements Store {
  readonly #parts: Parts & { readonly locks: DataLocks; readonly budget: ByteBudget }
  readonly #readParts
  readonly #memory = new ReadMemory()
  #isClosing = false
  /** Chunks may be about that nobody refers to: from before a crash, or of an upload that failed. */
  #hasOrphans = true
  #collecting: Promise<CollectReport> | undefined
  #cancelTimer: () => void = () => {}
  /** Calls that must end before the files close. */
  readonly #calls = new Set<Promise<unknown>>()

  constructor(parts: Parts) {
    const budget = new ByteBudget(parts.options.uploadBytes)
    this.#parts = { ...parts, locks: new DataLocks(), budget }
    this.#readParts = { ...parts, readAhead: parts.options.readAhead }
    this.#collectLater()
  }

  write: Store['write'] = (source, options = {}) =>
    this.#run(() => {
      const onAbandoned = () => {
        this.#hasOrphans = true
      }
      return writeData({ ...this.#parts, onAbandoned }, source, options)
    })

  keepChunk: Store['keepChunk'] = (chunk) =>
    this.#run(() => keepChunk({ ...this.#parts, onAbandoned: () => {} }, chunk))

  async held({ dataRoot, sizeBytes }: StoredData) {
    if (sizeBytes === 0 && dataRoot === '') return { heldBytes: 0, complete: true }
    const heldBytes = this.#parts.index.heldBytes(keyFor(dataRoot, sizeBytes)) ?? 0
    return { heldBytes, complete: heldBytes === sizeBytes }
  }

  async *read(
    data: StoredData,
    fromByte: number,
    toByte: number,
    { reuse = false }: ReadOptions = {},
  ): AsyncGenerator<Uint8Array> {
    if (this.#isClosing) throw storeClosed()
    if (data.sizeBytes === 0 && toByte > 0) throw rangeInvalid(fromByte, toByte, 0)
    const parts = { ...this.#readParts, memory: reuse ? this.#memory : undefined }
    for await (const bytes of readData(parts, data, fromByte, toByte)) {
      yield bytes
      if (this.#isClosing) throw storeClosed()
    }
  }

  chunk: Store['chunk'] = (data, offset) =>
    this.#run(() => readChunk(this.#readParts, data, offset))

  hold: Store['hold'] = ({ dataRoot, sizeBytes }, holder, retention) =>
    this.#run(async () => {
      const data = holdable(dataRoot, sizeBytes, holder)
      if (data === undefined) return
      const raw = encodeHold(data, holder, retention)
      const record = { kind: 'hold', data, holder, retention } as const
      await this.#parts.locks.shared(data, () => this.#parts.chunks.writer.commit(raw, record))
    })

  release: Store['release'] = ({ dataRoot, sizeBytes }, holder) =>
    this.#run(async () => {
      const data = holdable(dataRoot, sizeBytes, holder)
      if (data === undefined) return
      const { locks, index, chunks } = this.#parts
      await locks.exclusive(data, async () => {
        if (index.retention(data, holder) === undefined) return
        await chunks.writer.commit(encodeRelease(data, holder), { kind: 'release', data, holder })
      })
    })

  collect(): Promise<CollectReport> {
    this.#collecting ??= this.#run(async () => {
      const sweeps = this.#hasOrphans
      this.#hasOrphans = false
      const { runtime } = this.#parts.deps
      const isClosing = () => this.#isClosing
      const parts: CollectParts = { ...this.#parts, runtime, isClosing }
      try {
        return await collect(parts, sweeps)
      } catch (error) {
        this.#hasOrphans = true
        throw error
      }
    }).finally(() => {
      this.#collecting = undefined
    })
    return this.#collecting
  }

  audit: Store['audit'] = (count) =>
    this.#run(() => audit({ ...this.#parts, random: this.#parts.deps.runtime.random }, count))

  status(): StoreStatus {
    const { index, damagedCount, deps } = this.#parts
    const copies = deps.copies?.()
    const status = { ...readStatus(index), damaged: damagedCount() }
    return copies === undefined ? status : { ...status, copies }
  }

  routes: Store['routes'] = () =>
    storeRoutes({
      options: this.#parts.options,
      clock: this.#parts.deps.runtime.clock,
      status: () => this.status(),
      audit: this.audit,
      prove: (data, nonce, count) => this.#run(() => prove(this.#readParts, data, nonce, count)),
    })

  async close(): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    this.#cancelTimer()
    await Promise.allSettled(this.#calls)
    await this.#parts.chunks.close()
    await this.#parts.hashing.close()
    this.#parts.index.close()
  }

  /** Counts a call, so that closing waits for it. */
  #run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#isClosing) return Promise.reject(storeClosed())
    const running = call()
    this.#calls.add(running)
    const end = () => this.#calls.delete(running)
    running.then(end, end)
    return running
  }

  #collectLater(): void {
    const { deps, options } = this.#parts
    this.#cancelTimer = deps.runtime.timer.after(options.collectEveryMs, () => {
      this.collect()
        .catch((error: unknown) => deps.onFault('collecting failed; tried again later', error))
        .finally(() => {
          if (!this.#isClosing) this.#collectLater()
        })
    })
  }
}

function keyFor(dataRoot: string, sizeBytes: number): DataKey {
  const data = keyOf(dataRoot, sizeBytes)
  if (data === undefined) throw dataNameInvalid(`"${dataRoot.slice(0, 64)}" of ${sizeBytes} bytes`)
  return data
}

/** The key to promise about; undefined for no bytes, which need no promise. */
function holdable(dataRoot: string, sizeBytes: number, holder: string): DataKey | undefined {
  const bytes = Buffer.byteLength(holder)
  if (bytes < 1 || bytes > holderBytesMax) throw holderInvalid(bytes, holderBytesMax)
  return dataRoot === '' && sizeBytes === 0 ? undefined : keyFor(dataRoot, sizeBytes)
}
