import type { CryptoEngine } from '../crypto/index.ts'
import { HashList } from './hash-list.ts'
import { branchBytes, chunkBytesMax, hashBytes, leafBytes } from './limits.ts'
import { encodeNote, writeNote } from './note.ts'

/** A chunk within a data set: bytes from `fromByte` up to, without, `toByte`. */
export type DataLeaf = {
  /** SHA-256 of the chunk. */
  readonly dataHash: Uint8Array
  readonly fromByte: number
  readonly toByte: number
}

/** Root and paths of a data set. */
export type DataTree = {
  /** Arweave's data_root: 32 bytes, or empty where there is no data. */
  readonly root: Uint8Array
  readonly sizeBytes: number
  /** How many chunks there are bytes of. */
  readonly chunks: number
  /** Chunk `index`, of those there are bytes of, in order. */
  leaf(index: number): DataLeaf
  /** Arweave's data_path of chunk `index`: the first bytes of `memory` where that is given and has room. */
  path(index: number, memory?: Uint8Array): Uint8Array
}

/** A whole subtree: its node, and how many chunks are below it. */
type Subtree = { readonly node: number; readonly leaves: number }

const noNode = -1

/**
 * The tree over all chunks of a data set, made as they come: a node is joined as soon as both its
 * sides are whole, so the end costs little however large the data. Layer by layer (as arweave-js
 * joins, where a lone node rises as it is) gives the same tree. Takes some 150 bytes a chunk.
 */
export class DataTreeBuilder {
  readonly #engine: CryptoEngine
  readonly #hashes = new HashList()
  /** Where each chunk ends. */
  readonly #chunkEnds: number[] = []
  /** Of each node: its id, where the bytes below it end, and what it joins. */
  readonly #ids = new HashList()
  readonly #ends: number[] = []
  readonly #lefts: number[] = []
  readonly #rights: number[] = []
  /** Whole subtrees, larger ones first. */
  readonly #whole: Subtree[] = []

  constructor(engine: CryptoEngine) {
    this.#engine = engine
  }

  /** Adds the next chunk, which begins where the last one ended. */
  add({ dataHash, toByte }: DataLeaf): void {
    this.#hashes.add(dataHash)
    this.#chunkEnds.push(toByte)
    this.#push(dataHash, toByte)
  }

  /**
   * Where the last chunk is a full 256 KiB, arweave-js puts a leaf of no bytes behind it, which
   * counts in the root and is never posted; so does this.
   */
  end(): DataTree {
    const chunks = this.#chunkEnds.length
    if (chunks === 0) return emptyTree
    const { fromByte, toByte } = this.#leaf(chunks - 1)
    if (toByte - fromByte === chunkBytesMax) {
      this.#push(this.#engine.sha256(new Uint8Array(0)), toByte)
    }
    const top = this.#whole.reduceRight((right, left) => this.#join(left, right))
    return {
      root: this.#ids.at(top.node).slice(),
      sizeBytes: toByte,
      chunks,
      leaf: (index) => this.#leaf(index),
      path: (index, memory) => this.#path(top.node, index, memory),
    }
  }

  #leaf(index: number): DataLeaf {
    const toByte = this.#chunkEnds[index]
    if (toByte === undefined) throw new RangeError(`there is no chunk ${index}`)
    return { dataHash: this.#hashes.at(index), fromByte: this.#chunkEnds[index - 1] ?? 0, toByte }
  }

  #push(dataHash: Uint8Array, toByte: number): void {
    const id = leafId(dataHash, encodeNote(toByte), this.#engine)
    let tree: Subtree = { node: this.#add(id, toByte, noNode, noNode), leaves: 1 }
    for (;;) {
      const left = this.#whole.at(-1)
      if (left === undefined || left.leaves !== tree.leaves) break
      this.#whole.pop()
      tree = this.#join(left, tree)
    }
    this.#whole.push(tree)
  }

  #join(left: Subtree, right: Subtree): Subtree {
    const note = encodeNote(this.#endOf(left.node))
    const id = branchId(this.#ids.at(left.node), this.#ids.at(right.node), note, this.#engine)
    const node = this.#add(id, this.#endOf(right.node), left.node, right.node)
    return { node, leaves: left.leaves + right.leaves }
  }

  #add(id: Uint8Array, end: number, left: number, right: number): number {
    this.#ids.add(id)
    this.#ends.push(end)
    this.#lefts.push(left)
    return this.#rights.push(right) - 1
  }

  #endOf(node: number): number {
    return this.#ends[node] ?? 0
  }

  /** Into one piece of memory: large data has as many paths as chunks, each of a dozen steps. */
  #path(top: number, index: number, memory?: Uint8Array): Uint8Array {
    const { dataHash, toByte } = this.#leaf(index)
    const branches = this.#branchesTo(top, toByte)
    const pathBytes = branchBytes * branches.length + leafBytes
    const hasRoom = memory !== undefined && memory.length >= pathBytes
    const path = hasRoom ? memory.subarray(0, pathBytes).fill(0) : new Uint8Array(pathBytes)
    let at = 0
    const put = (hash: Uint8Array, note: number) => {
      path.set(hash, at)
      writeNote(note, path, at + hashBytes)
      at += leafBytes
    }
    for (const branch of branches) {
      const left = this.#lefts[branch] ?? noNode
      path.set(this.#ids.at(left), at)
      at += hashBytes
      put(this.#ids.at(this.#rights[branch] ?? noNode), this.#endOf(left))
    }
    put(dataHash, toByte)
    return path
  }

  /** Branches from the top down to the chunk that ends at `toByte`. */
  #branchesTo(top: number, toByte: number): number[] {
    const branches: number[] = []
    let node = top
    for (;;) {
      const left = this.#lefts[node] ?? noNode
      if (left === noNode) return branches
      branches.push(node)
      // A leaf of no bytes ends where the one before it does, to the right of it.
      node = toByte <= this.#endOf(left) ? left : (this.#rights[node] ?? noNode)
    }
  }
}

const emptyTree: DataTree = {
  root: new Uint8Array(0),
  sizeBytes: 0,
  chunks: 0,
  leaf: (index) => {
    throw new RangeError(`there is no chunk ${index}`)
  },
  path: () => new Uint8Array(0),
}

/** H(H(dataHash) ‖ H(note)). */
export function leafId(dataHash: Uint8Array, note: Uint8Array, engine: CryptoEngine): Uint8Array {
  const input = new Uint8Array(leafBytes)
  input.set(engine.sha256(dataHash), 0)
  input.set(engine.sha256(note), hashBytes)
  return engine.sha256(input)
}

/** H(H(left) ‖ H(right) ‖ H(note)); the note tells where the left side ends. */
export function branchId(
  left: Uint8Array,
  right: Uint8Array,
  note: Uint8Array,
  engine: CryptoEngine,
): Uint8Array {
  const input = new Uint8Array(branchBytes)
  input.set(engine.sha256(left), 0)
  input.set(engine.sha256(right), hashBytes)
  input.set(engine.sha256(note), 2 * hashBytes)
  return engine.sha256(input)
}
