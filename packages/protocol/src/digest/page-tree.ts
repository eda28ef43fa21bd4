import { assert, equalBytes } from '../base/index.ts'
import { digestBytes, labels, type Sha256 } from './labels.ts'

/** Linear memory is hashed in pages of this size. */
export const pageBytes = 4096
const arity = 16
/** 16^6 pages of 4 KiB: 64 GiB, beyond any memory a module may have. The depth never changes. */
const depth = 6
const pagesMax = arity ** depth

/** Stands for a page, or any part of the tree, that is all zero. No input hashes to it. */
const zeroDigest: Uint8Array = new Uint8Array(digestBytes)

/** The pages of a memory that are not zero: numbers rising, digests one after another. */
export type PageDigests = { readonly indexes: Uint32Array; readonly digests: Uint8Array }

/**
 * Merkle tree over the pages of a memory, zero pages pruned. It keeps every node, so that after a
 * few pages changed only the nodes above them are hashed again.
 */
export class PageTree {
  readonly #engine: Sha256
  /** Digests that are not zero, by place in their level; pages first, the root last. */
  readonly #levels: Map<number, Uint8Array>[]
  #dirty = new Set<number>()

  constructor(engine: Sha256) {
    this.#engine = engine
    this.#levels = Array.from({ length: depth + 1 }, () => new Map())
  }

  /** The tree of these pages, to be changed from there. */
  static of({ indexes, digests }: PageDigests, engine: Sha256): PageTree {
    const tree = new PageTree(engine)
    indexes.forEach((page, i) => {
      tree.set(page, digests.slice(i * digestBytes, (i + 1) * digestBytes))
    })
    return tree
  }

  /** States the digest of a page; undefined where it is zero now. */
  set(page: number, digest: Uint8Array | undefined): void {
    assert(Number.isInteger(page) && page >= 0 && page < pagesMax, `${page} is a page`)
    this.#put(0, page, digest)
    this.#dirty.add(Math.floor(page / arity))
  }

  /** Root over all pages; 32 zero bytes for a memory of zeros. */
  root(): Uint8Array {
    for (let level = 1; level <= depth; level++) {
      const above = new Set<number>()
      for (const at of this.#dirty) {
        this.#put(level, at, this.#hashNode(level, at))
        above.add(Math.floor(at / arity))
      }
      this.#dirty = above
    }
    this.#dirty = new Set()
    return this.#node(depth, 0)
  }

  /** What proves a page against the root: on each level its 15 neighbours, in order. */
  path(page: number): Uint8Array {
    this.root()
    const siblings = new Uint8Array(depth * (arity - 1) * digestBytes)
    let written = 0
    let at = page
    for (let level = 0; level < depth; level++) {
      const first = at - (at % arity)
      for (let place = first; place < first + arity; place++) {
        if (place === at) continue
        siblings.set(this.#node(level, place), written)
        written += digestBytes
      }
      at = Math.floor(at / arity)
    }
    return siblings
  }

  #node(level: number, at: number): Uint8Array {
    return this.#levels[level]?.get(at) ?? zeroDigest
  }

  #put(level: number, at: number, digest: Uint8Array | undefined): void {
    if (digest === undefined || equalBytes(digest, zeroDigest)) this.#levels[level]?.delete(at)
    else this.#levels[level]?.set(at, digest)
  }

  #hashNode(level: number, at: number): Uint8Array | undefined {
    let input: Uint8Array | undefined
    for (let child = 0; child < arity; child++) {
      const digest = this.#levels[level - 1]?.get(at * arity + child)
      if (digest === undefined) continue
      input ??= nodeInput()
      input.set(digest, labels.pageNode.length + child * digestBytes)
    }
    return input && this.#engine.sha256(input)
  }
}

/** The root that a page's digest at `page` leads to along a path of `PageTree.path`. */
export function rootFromPage(
  page: number,
  digest: Uint8Array,
  path: Uint8Array,
  engine: Sha256,
): Uint8Array | undefined {
  const siblingsBytes = (arity - 1) * digestBytes
  if (!Number.isInteger(page) || page < 0 || page >= pagesMax) return undefined
  if (path.length !== depth * siblingsBytes || digest.length !== digestBytes) return undefined
  let node = digest
  let at = page
  for (let level = 0; level < depth; level++) {
    const place = at % arity
    const siblings = path.subarray(level * siblingsBytes, (level + 1) * siblingsBytes)
    const input = nodeInput()
    const children = input.subarray(labels.pageNode.length)
    children.set(siblings.subarray(0, place * digestBytes))
    children.set(node, place * digestBytes)
    children.set(siblings.subarray(place * digestBytes), (place + 1) * digestBytes)
    node = isZero(children) ? zeroDigest : engine.sha256(input)
    at = Math.floor(at / arity)
  }
  return node
}

function nodeInput(): Uint8Array {
  const input = new Uint8Array(labels.pageNode.length + arity * digestBytes)
  input.set(labels.pageNode)
  return input
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0)
}
