import {
  ChunkCutter,
  chunkBytesMax,
  type DataTree,
  DataTreeBuilder,
  HashList,
} from '@heddle/protocol/arweave'
import { assert, encodeBase64Url } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { ByteBudget } from './byte-budget.ts'
import type { ChunkBytes } from './chunk-bytes.ts'
import type { DataLocks } from './data-locks.ts'
import { dataTooLarge, sizeDiffers, storeUploadLost } from './errors.ts'
import type { WriteOptions, WrittenData } from './face.ts'
import type { HashRun, HashThreads } from './hash/hash-threads.ts'
import type { StoreOptions } from './options.ts'
import { type ChunkPlace, type DataKey, encodePlaces } from './record.ts'
import type { StoreIndex } from './store-index.ts'

/** Chunks of one upload under way at a time. */
const chunksAhead = 8
/** Bytes cut at once, however large the parts that come. */
const partBytes = 1024 * 1024
/** Places in one record: with the longest paths still far below what a scan takes. */
const placesPerRecord = 256
/** Enough for their paths in data of some thousand GiB. */
const placesMemoryBytes = 512 * 1024

export type WriteParts = {
  readonly chunks: ChunkBytes
  readonly hashing: HashThreads
  readonly index: StoreIndex
  readonly engine: CryptoEngine
  readonly budget: ByteBudget
  readonly locks: DataLocks
  readonly options: Pick<StoreOptions, 'dataBytes'>
  /** Told of an upload that left chunks nobody refers to. */
  onAbandoned(): void
}

/** See `Store.write`. */
export async function writeData(
  parts: WriteParts,
  source: AsyncIterable<Uint8Array>,
  { sizeBytes, sha384 = false }: WriteOptions,
): Promise<WrittenData> {
  const limitBytes = Math.min(sizeBytes ?? Number.POSITIVE_INFINITY, parts.options.dataBytes)
  if (sizeBytes !== undefined && sizeBytes > limitBytes) throw dataTooLarge(sizeBytes, limitBytes)
  const upload = new Upload(parts, sha384)
  try {
    for await (const part of source) {
      if (upload.sizeBytes + part.length > limitBytes) {
        const given = upload.sizeBytes + part.length
        throw sizeBytes === undefined
          ? dataTooLarge(given, limitBytes)
          : sizeDiffers(sizeBytes, given)
      }
      await upload.push(part)
    }
    if (sizeBytes !== undefined && upload.sizeBytes !== sizeBytes) {
      throw sizeDiffers(sizeBytes, upload.sizeBytes)
    }
    return await upload.finish()
  } catch (error) {
    parts.onAbandoned()
    throw error
  } finally {
    await upload.release()
  }
}

type Leaf = { readonly dataHash: Uint8Array; readonly bytes: number }

/** One stream on its way in: cut, hashed aside, written, and at the end placed in its tree. */
class Upload {
  sizeBytes = 0
  readonly #parts: WriteParts
  readonly #tree: DataTreeBuilder
  readonly #generation: number
  readonly #pinned = new HashList()
  /** Memory of chunks that are written, for those to come. */
  readonly #free: Uint8Array<ArrayBuffer>[] = []
  readonly #cutter = new ChunkCutter(() => this.#free.pop() ?? new Uint8Array(chunkBytesMax))
  #ahead: Promise<Leaf>[] = []
  readonly #run: HashRun | undefined
  #placedBytes = 0
  #isEnded = false

  constructor(parts: WriteParts, wantsDigest: boolean) {
    this.#parts = parts
    this.#run = wantsDigest ? parts.hashing.beginRun() : undefined
    this.#tree = new DataTreeBuilder(parts.engine)
    this.#generation = parts.chunks.writer.generation
  }

  async push(part: Uint8Array): Promise<void> {
    this.sizeBytes += part.length
    for (let at = 0; at < part.length; at += partBytes) {
      const chunks = this.#cutter.push(part.subarray(at, at + partBytes))
      for (const chunk of chunks) await this.#add(chunk)
    }
  }

  async finish(): Promise<WrittenData> {
    for (const chunk of this.#cutter.end()) await this.#add(chunk)
    while (this.#ahead.length > 0) await this.#takeOldest()
    const sha384 = await this.#endRun()
    const tree = this.#tree.end()
    const data = { root: tree.root, sizeBytes: tree.sizeBytes }
    if (tree.sizeBytes > 0) await this.#parts.locks.shared(data, () => this.#place(data, tree))
    const digest = sha384 === undefined ? {} : { sha384 }
    return { dataRoot: encodeBase64Url(tree.root), sizeBytes: tree.sizeBytes, ...digest }
  }

  /** Lets go of what the upload used; waits for what is still under way. */
  async release(): Promise<void> {
    await Promise.allSettled(this.#ahead)
    for (let i = 0; i < this.#pinned.length; i++) this.#parts.chunks.unpin(this.#pinned.at(i))
    // Where the upload failed its error is told already.
    if (!this.#isEnded) await this.#endRun().catch(() => {})
  }

  async #endRun(): Promise<Uint8Array | undefined> {
    this.#isEnded = true
    return this.#run?.end()
  }

  async #add(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
    const { budget } = this.#parts
    const { length } = chunk
    await budget.take(length)
    const keeping = this.#keep(chunk).finally(() => budget.give(length))
    // Its error is met where it is awaited; until then it must not count as unhandled.
    keeping.catch(() => {})
    this.#ahead.push(keeping)
    if (this.#ahead.length >= chunksAhead) await this.#takeOldest()
  }

  async #keep(chunk: Uint8Array<ArrayBuffer>): Promise<Leaf> {
    const { chunks, hashing } = this.#parts
    const parts = [{ at: 0, length: chunk.length }]
    const { bytes, digests } = await (this.#run ?? hashing).hash({ bytes: chunk, parts })
    const dataHash = digests[0]
    assert(dataHash !== undefined, 'one part has one digest')
    chunks.pin(dataHash)
    this.#pinned.add(dataHash)
    await chunks.keep(dataHash, bytes)
    if (bytes.length === chunkBytesMax) this.#free.push(bytes)
    return { dataHash, bytes: bytes.length }
  }

  async #takeOldest(): Promise<void> {
    const leaf = await this.#ahead[0]
    this.#ahead = this.#ahead.slice(1)
    if (leaf === undefined) return
    const fromByte = this.#placedBytes
    this.#placedBytes += leaf.bytes
    this.#tree.add({ dataHash: leaf.dataHash, fromByte, toByte: this.#placedBytes })
  }

  /** Writes where each chunk stands; once that is durable, so are the chunks before it. */
  async #place(data: DataKey, tree: DataTree): Promise<void> {
    const { chunks, index } = this.#parts
    // The very same is here already, durable and whole.
    const isKnown = index.heldBytes(data) === tree.sizeBytes
    if (isKnown) index.touch(data)
    const isLong = tree.chunks > placesPerRecord
    const memory = isLong ? Buffer.allocUnsafeSlow(placesMemoryBytes) : undefined
    // Thousands of paths would otherwise wait for the collector of garbage.
    const paths = isLong ? new Uint8Array(placesMemoryBytes) : undefined
    for (let at = 0; at < tree.chunks && !isKnown; at += placesPerRecord) {
      if (chunks.writer.generation !== this.#generation) throw storeUploadLost()
      const places = placesOf(tree, at, Math.min(at + placesPerRecord, tree.chunks), paths)
      // Each by itself: the index takes up a long list in short steps, others get in between.
      const raw = encodePlaces(data, places, memory)
      await chunks.writer.commit(raw, { kind: 'places', data, places })
    }
    // A failed write in between took chunks along that were written and not yet durable.
    if (chunks.writer.generation !== this.#generation) throw storeUploadLost()
  }
}

/** Their paths lie in `memory`, as far as it goes. */
function placesOf(tree: DataTree, from: number, to: number, memory?: Uint8Array): ChunkPlace[] {
  const places: ChunkPlace[] = []
  let used = 0
  for (let i = from; i < to; i++) {
    const { fromByte, toByte, dataHash } = tree.leaf(i)
    const path = tree.path(i, memory?.subarray(used))
    used += path.length
    places.push({ fromByte, toByte, hash: dataHash, path })
  }
  return places
}
