import { join } from 'node:path'
import { equalBytes } from '@heddle/protocol/base'
import { blake3, type Runtime } from '../runtime/index.ts'
import { storeReadFailed } from './errors.ts'
import type { HashThreads } from './hash/hash-threads.ts'
import type { HashPart } from './hash/job.ts'
import type { StoreOptions } from './options.ts'
import { allocate, type ReadMemory } from './read-memory.ts'
import { chunkHeadBytes, encodeChunk, type StoreRecord } from './record.ts'
import { segmentName } from './segments/format.ts'
import { SegmentReaders } from './segments/readers.ts'
import { type Placed, SegmentWriter } from './segments/writer.ts'
import type { ChunkLocation, StoreIndex } from './store-index.ts'

type StretchPart = HashPart & {
  readonly hash: Uint8Array
  readonly blake3: Uint8Array | undefined
}

/** Chunks of a stretch, undefined where damaged, and the memory they lie in. */
export type ReadStretch = {
  readonly found: readonly (Uint8Array | undefined)[]
  readonly whole?: Uint8Array<ArrayBuffer> | undefined
}

/**
 * The bytes of chunks by their SHA-256: each kept once, each checked against its hash when read. A
 * chunk somebody is about to refer to is pinned, so that the collector leaves it.
 */
export class ChunkBytes {
  readonly writer: SegmentWriter<StoreRecord>
  readonly readers: SegmentReaders
  readonly #index: StoreIndex
  readonly #folder: string
  readonly #pins = new Map<string, number>()
  /** Chunks on their way to the disk; not in the index before they are durable. */
  readonly #coming = new Map<string, Promise<void>>()
  readonly #cache: ChunkCache
  readonly #hashing: HashThreads
  readonly #onDamage: (path: string, offset: number, bytes: number) => void

  constructor(
    runtime: Pick<Runtime, 'disk' | 'random'>,
    folder: string,
    options: StoreOptions,
    index: StoreIndex,
    lastSegment: number,
    hashing: HashThreads,
    onDamage: (path: string, offset: number, bytes: number) => void,
  ) {
    this.#index = index
    this.#folder = folder
    this.#hashing = hashing
    this.#onDamage = onDamage
    this.#cache = new ChunkCache(options.cacheBytes)
    this.readers = new SegmentReaders(runtime.disk, folder, options.openSegments)
    this.writer = new SegmentWriter(runtime, folder, options, lastSegment, {
      onDurable: (placed, end) => {
        try {
          index.apply(placed, end)
        } finally {
          // Where the index cannot be written its rows wait; the chunk is then kept once more.
          this.#settle(placed)
        }
      },
      onLost: (lost) => this.#settle(lost),
    })
  }

  /**
   * Resolves when the chunk is written; whoever then commits a record has it durable. Throws
   * `store-full`, `store-disk-failed`.
   */
  async keep(hash: Uint8Array, bytes: Uint8Array): Promise<void> {
    const key = keyOf(hash)
    const coming = this.#coming.get(key)
    if (coming !== undefined) {
      await coming
      return
    }
    const location = this.#index.location(hash)
    if (location !== undefined && !location.isDamaged) return
    const quick = blake3?.(bytes)
    const record: StoreRecord = { kind: 'chunk', hash, blake3: quick, bodyBytes: bytes.length }
    const writing = this.writer.append(encodeChunk(hash, quick, bytes), record)
    this.#coming.set(key, writing)
    try {
      await writing
    } catch (error) {
      this.#coming.delete(key)
      throw error
    }
  }

  /**
   * The bytes of a chunk, or undefined where they are damaged, which is then remembered and told. Throws
   * the disk's error.
   */
  async read(hash: Uint8Array, location: ChunkLocation): Promise<Uint8Array | undefined> {
    const key = keyOf(hash)
    const cached = this.#cache.get(key)
    if (cached !== undefined) return cached
    const { segment, offset } = location
    const from = offset + chunkHeadBytes(location.blake3)
    // By its SHA-256, whatever else is known: audits and proofs rest on this.
    const parts = [{ at: 0, length: location.bytes, hash, blake3: undefined }]
    const [bytes] = (await this.#readStretch(segment, from, parts)).found
    if (bytes === undefined) {
      // It may have been moved to another segment while it was looked for.
      const now = this.#index.location(hash)
      if (now !== undefined && !isSamePlace(now, location)) return this.read(hash, now)
      this.#index.markDamaged(hash)
      this.#onDamage(this.#pathOf(segment), offset, location.bytes)
      return undefined
    }
    this.#cache.put(key, bytes)
    return bytes
  }

  /**
   * Chunks that lie one right behind the other, read in one go, each checked. Undefined as in `read`.
   */
  async readRun(
    run: readonly { readonly hash: Uint8Array; readonly location: ChunkLocation }[],
    memory?: ReadMemory,
  ): Promise<ReadStretch> {
    const first = run[0]?.location
    if (first === undefined) return { found: [] }
    const from = first.offset + chunkHeadBytes(first.blake3)
    const parts = run.map(({ hash, location }) => ({
      at: location.offset + chunkHeadBytes(location.blake3) - from,
      length: location.bytes,
      hash,
      blake3: location.blake3,
    }))
    const { found, whole } = await this.#readStretch(first.segment, from, parts, memory)
    // Alone once more: it may have been moved, and if not, its damage is to be told.
    const again = run.map(({ hash, location }, i) => found[i] ?? this.read(hash, location))
    return { found: await Promise.all(again), whole }
  }

  /** Parts of a segment from byte `from` on; undefined for those that have another hash. */
  async #readStretch(
    segment: number,
    from: number,
    parts: readonly StretchPart[],
    memory?: ReadMemory,
  ): Promise<ReadStretch> {
    const last = parts.at(-1)
    if (last === undefined) return { found: [] }
    const length = last.at + last.length
    const into = memory?.take(length) ?? allocate(length)
    try {
      await this.readers.use(segment, (file) => file.read(into.subarray(0, length), from))
    } catch (error) {
      throw storeReadFailed(this.#pathOf(segment), error)
    }
    const quick = checkQuickly(into, parts)
    if (quick !== undefined) return quick
    const jobs = parts.map(({ at, length }) => ({ at, length }))
    const { bytes: whole, digests } = await this.#hashing.hash({ bytes: into, parts: jobs })
    const found = parts.map(({ at, length, hash }, i) => {
      const digest = digests[i]
      const holds = digest !== undefined && equalBytes(digest, hash)
      return holds ? whole.subarray(at, at + length) : undefined
    })
    return { found, whole }
  }

  /** Makes the next read go to the disk. */
  uncache(hash: Uint8Array): void {
    this.#cache.drop(keyOf(hash))
  }

  pin(hash: Uint8Array): void {
    const key = keyOf(hash)
    this.#pins.set(key, (this.#pins.get(key) ?? 0) + 1)
  }

  unpin(hash: Uint8Array): void {
    const key = keyOf(hash)
    const pins = (this.#pins.get(key) ?? 0) - 1
    if (pins > 0) this.#pins.set(key, pins)
    else this.#pins.delete(key)
  }

  isPinned(hash: Uint8Array): boolean {
    return this.#pins.has(keyOf(hash))
  }

  async close(): Promise<void> {
    await this.writer.close()
    await this.readers.close()
  }

  #pathOf(segment: number): string {
    return join(this.#folder, segmentName(segment))
  }

  #settle(placed: readonly Placed<StoreRecord>[]): void {
    for (const { what } of placed) {
      if (what.kind === 'chunk') this.#coming.delete(keyOf(what.hash))
    }
  }
}

/** By BLAKE3, where all parts have one: quicker than to change threads. */
function checkQuickly(
  whole: Uint8Array<ArrayBuffer>,
  parts: readonly StretchPart[],
): ReadStretch | undefined {
  if (blake3 === undefined || parts.some((part) => part.blake3 === undefined)) return undefined
  const found: (Uint8Array | undefined)[] = []
  for (const { at, length, blake3: expected } of parts) {
    const bytes = whole.subarray(at, at + length)
    found.push(expected && equalBytes(blake3(bytes), expected) ? bytes : undefined)
  }
  return { found, whole }
}

/** Verified chunks of late, up to a sum of bytes. */
class ChunkCache {
  readonly #bytesMax: number
  readonly #chunks = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get(key: string): Uint8Array | undefined {
    const chunk = this.#chunks.get(key)
    if (chunk !== undefined) {
      this.#chunks.delete(key)
      this.#chunks.set(key, chunk)
    }
    return chunk
  }

  drop(key: string): void {
    const chunk = this.#chunks.get(key)
    if (chunk === undefined) return
    this.#chunks.delete(key)
    this.#bytes -= chunk.length
  }

  put(key: string, chunk: Uint8Array): void {
    if (this.#chunks.has(key)) return
    this.#chunks.set(key, chunk)
    this.#bytes += chunk.length
    for (const [oldest, { length }] of this.#chunks) {
      if (this.#bytes <= this.#bytesMax) return
      this.#chunks.delete(oldest)
      this.#bytes -= length
    }
  }
}

function isSamePlace(a: ChunkLocation, b: ChunkLocation): boolean {
  return a.segment === b.segment && a.offset === b.offset
}

function keyOf(hash: Uint8Array): string {
  return Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('latin1')
}
