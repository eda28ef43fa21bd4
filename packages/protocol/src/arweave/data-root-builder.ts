import type { CryptoEngine } from '../crypto/index.ts'
import { ChunkCutter } from './chunk-cutter.ts'
import { type DataLeaf, type DataTree, DataTreeBuilder } from './data-tree.ts'
import { chunkBytesMax } from './limits.ts'

/** A chunk as it was cut from the stream. */
export type DataChunk = DataLeaf & { readonly bytes: Uint8Array }

/**
 * Data in, chunks and in the end their tree out: a file of any size passes through 288 KiB and 150
 * bytes of memory per chunk. Hashing is synchronous; where that is too slow, use `ChunkCutter`, hash
 * elsewhere and give the leaves to a `DataTreeBuilder`.
 */
export class DataRootBuilder {
  readonly #engine: CryptoEngine
  readonly #cutter = new ChunkCutter()
  readonly #tree: DataTreeBuilder
  #sizeBytes = 0

  constructor(engine: CryptoEngine) {
    this.#engine = engine
    this.#tree = new DataTreeBuilder(engine)
  }

  /** Takes bytes and returns the chunks they complete, in order. */
  push(bytes: Uint8Array): DataChunk[] {
    return this.#cutter.push(bytes).map((chunk) => this.#add(chunk))
  }

  /** Ends the data: its last chunks, and the tree with root and every chunk's path. */
  end(): { readonly chunks: readonly DataChunk[]; readonly tree: DataTree } {
    const chunks = this.#cutter.end().map((chunk) => this.#add(chunk))
    return { chunks, tree: this.#tree.end() }
  }

  #add(bytes: Uint8Array): DataChunk {
    const fromByte = this.#sizeBytes
    this.#sizeBytes += bytes.length
    const dataHash = this.#engine.sha256(bytes)
    const leaf = { dataHash, fromByte, toByte: this.#sizeBytes }
    this.#tree.add(leaf)
    return { ...leaf, bytes }
  }
}

/** Arweave's data_root of bytes given in parts: 32 bytes, or empty where there are none. */
export function dataRootOf(parts: Iterable<Uint8Array>, engine: CryptoEngine): Uint8Array {
  const given = [...parts]
  const [only] = given
  if (only !== undefined && given.length === 1 && only.length < chunkBytesMax) {
    return rootOfChunk(only, engine)
  }
  const builder = new DataRootBuilder(engine)
  for (const part of given) builder.push(part)
  return builder.end().tree.root
}

/** Most data is far below a chunk: what cuts streams would take the memory of a whole one for it. */
function rootOfChunk(bytes: Uint8Array, engine: CryptoEngine): Uint8Array {
  const tree = new DataTreeBuilder(engine)
  if (bytes.length > 0) {
    tree.add({ dataHash: engine.sha256(bytes), fromByte: 0, toByte: bytes.length })
  }
  return tree.end().root
}
