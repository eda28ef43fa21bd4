import type { CryptoEngine } from '../crypto/index.ts'
import { branchBytes, chunkBytesMax, hashBytes, leafBytes } from './limits.ts'
import { encodeNote, writeNote } from './note.ts'

/** A chunk within a data set: bytes from `fromByte` up to, without, `toByte`. */
export type DataLeaf = {
  /** SHA-256 of the chunk. */
  readonly dataHash: Uint8Array
  readonly fromByte: number
  readonly toByte: number
}

type TreeNode = {
  readonly id: Uint8Array
  /** Where the bytes below it end. */
  readonly toByte: number
  readonly children?: readonly [TreeNode, TreeNode]
  /** Chunks below it. */
  readonly leaves: number
}

/** Root and paths of a data set. */
export type DataTree = {
  /** Arweave's data_root: 32 bytes, or empty where there is no data. */
  readonly root: Uint8Array
  readonly sizeBytes: number
  /** The chunks there are bytes of, in order. */
  readonly leaves: readonly DataLeaf[]
  /** Arweave's data_path of chunk `index`. */
  path(index: number): Uint8Array
}

/**
 * The tree over all chunks of a data set, made as they come: a node is joined as soon as both its
 * sides are whole, so the end costs little however large the data. Layer by layer (as arweave-js
 * joins, where a lone node rises as it is) gives the same tree.
 */
export class DataTreeBuilder {
  readonly #engine: CryptoEngine
  readonly #leaves: DataLeaf[] = []
  /** Whole subtrees, larger ones first. */
  readonly #nodes: TreeNode[] = []

  constructor(engine: CryptoEngine) {
    this.#engine = engine
  }

  /** Adds the next chunk, which begins where the last one ended. */
  add(leaf: DataLeaf): void {
    this.#leaves.push(leaf)
    this.#push(leaf)
  }

  /**
   * Where the last chunk is a full 256 KiB, arweave-js puts a leaf of no bytes behind it, which
   * counts in the root and is never posted; so does this.
   */
  end(): DataTree {
    const leaves = this.#leaves
    const last = leaves.at(-1)
    if (last === undefined) return emptyTree
    if (last.toByte - last.fromByte === chunkBytesMax) this.#push(emptyLeaf(last, this.#engine))
    const top = this.#nodes.reduceRight((right, left) => joinNodes(left, right, this.#engine))
    return {
      root: top.id,
      sizeBytes: last.toByte,
      leaves,
      path: (index) => pathTo(top, index, leaves),
    }
  }

  #push({ dataHash, toByte }: DataLeaf): void {
    const id = leafId(dataHash, encodeNote(toByte), this.#engine)
    let node: TreeNode = { id, toByte, leaves: 1 }
    for (;;) {
      const left = this.#nodes.at(-1)
      if (left === undefined || left.leaves !== node.leaves) break
      this.#nodes.pop()
      node = joinNodes(left, node, this.#engine)
    }
    this.#nodes.push(node)
  }
}

const emptyTree: DataTree = {
  root: new Uint8Array(0),
  sizeBytes: 0,
  leaves: [],
  path: () => new Uint8Array(0),
}

function emptyLeaf({ toByte }: DataLeaf, engine: CryptoEngine): DataLeaf {
  return { dataHash: engine.sha256(new Uint8Array(0)), fromByte: toByte, toByte }
}

function joinNodes(left: TreeNode, right: TreeNode, engine: CryptoEngine): TreeNode {
  const id = branchId(left.id, right.id, encodeNote(left.toByte), engine)
  const leaves = left.leaves + right.leaves
  return { id, toByte: right.toByte, children: [left, right], leaves }
}

/** Into one piece of memory: large data has as many paths as chunks, each of a dozen steps. */
function pathTo(top: TreeNode, index: number, leaves: readonly DataLeaf[]): Uint8Array {
  const leaf = leaves[index]
  if (leaf === undefined) throw new RangeError(`there is no chunk ${index}`)
  const path = new Uint8Array(branchBytes * stepsTo(top, index) + leafBytes)
  let at = 0
  const put = (hash: Uint8Array, note: number) => {
    path.set(hash, at)
    writeNote(note, path, at + hashBytes)
    at += leafBytes
  }
  let node = top
  let before = index
  while (node.children !== undefined) {
    const [left, right] = node.children
    path.set(left.id, at)
    at += hashBytes
    put(right.id, left.toByte)
    const isLeft = before < left.leaves
    if (!isLeft) before -= left.leaves
    node = isLeft ? left : right
  }
  put(leaf.dataHash, leaf.toByte)
  return path
}

/** Branches above chunk `index`. */
function stepsTo(top: TreeNode, index: number): number {
  let steps = 0
  let node = top
  for (let before = index; node.children !== undefined; steps++) {
    const [left, right] = node.children
    const isLeft = before < left.leaves
    if (!isLeft) before -= left.leaves
    node = isLeft ? left : right
  }
  return steps
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
