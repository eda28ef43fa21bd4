import { assert, concatBytes } from '../base/index.ts'
import { type BlobHash, digestBytes } from './hash.ts'

/**
 * A Merkle tree over digests. On each level `arity` neighbours become one node H(tag ‖ children);
 * the last node of a level may have fewer, and a node left alone rises as it is. The number of
 * leaves is not hashed: whoever uses a root binds it elsewhere.
 */
export type TreeShape = { readonly hash: BlobHash; readonly tag: number; readonly arity: number }

/** Every level of a tree, leaves first, the root last: digests one after another. */
export type TreeLevels = readonly Uint8Array[]

/** Hashes a whole tree over `leaves`: digests one after another, at least one. */
export function treeLevels(shape: TreeShape, leaves: Uint8Array): TreeLevels {
  assert(leaves.length > 0 && leaves.length % digestBytes === 0, 'leaves are digests')
  const levels: Uint8Array[] = []
  let level = leaves
  while (level.length > digestBytes) {
    levels.push(level)
    level = parentsOf(shape, level)
  }
  return [...levels, level.slice()]
}

/** Root over `leaves`, as `treeLevels` takes them. */
export function treeRoot(shape: TreeShape, leaves: Uint8Array): Uint8Array {
  return treeLevels(shape, leaves).at(-1) ?? leaves
}

/**
 * What proves leaf `index` against the root: on each level its neighbours under the same parent, in
 * order, the node itself left out; levels one after another.
 */
export function treePath(arity: number, levels: TreeLevels, index: number): Uint8Array {
  assert(index * digestBytes < (levels[0]?.length ?? 0), 'the leaf is one of the tree')
  const parts: Uint8Array[] = []
  let at = index
  for (const level of levels) {
    const { from, to } = groupOf(arity, at, level.length / digestBytes)
    parts.push(level.subarray(from * digestBytes, at * digestBytes))
    parts.push(level.subarray((at + 1) * digestBytes, to * digestBytes))
    at = Math.floor(at / arity)
  }
  return concatBytes(parts)
}

/**
 * The root that `leaf` at `index` of `count` leaves leads to along `path`, or undefined where the
 * path has not the length that index and count ask for.
 */
export function rootFromPath(
  shape: TreeShape,
  leaf: Uint8Array,
  index: number,
  count: number,
  path: Uint8Array,
): Uint8Array | undefined {
  if (!Number.isInteger(index) || index < 0 || index >= count) return undefined
  let node = leaf
  let used = 0
  for (let [at, width] = [index, count]; width > 1; width = Math.ceil(width / shape.arity)) {
    const { from, to } = groupOf(shape.arity, at, width)
    const siblings = path.subarray(used, used + (to - from - 1) * digestBytes)
    if (siblings.length < (to - from - 1) * digestBytes) return undefined
    used += siblings.length
    if (to - from > 1) {
      const before = siblings.subarray(0, (at - from) * digestBytes)
      const after = siblings.subarray(before.length)
      node = shape.hash.digest(concatBytes([Uint8Array.of(shape.tag), before, node, after]))
    }
    at = Math.floor(at / shape.arity)
  }
  return used === path.length ? node : undefined
}

/** Bytes of the longest path in a tree of `count` leaves: a limit to check before reading one. */
export function pathBytesMax(arity: number, count: number): number {
  let levels = 0
  for (let width = count; width > 1; width = Math.ceil(width / arity)) levels++
  return levels * (arity - 1) * digestBytes
}

function groupOf(arity: number, at: number, width: number): { from: number; to: number } {
  const from = at - (at % arity)
  return { from, to: Math.min(from + arity, width) }
}

function parentsOf({ hash, tag, arity }: TreeShape, level: Uint8Array): Uint8Array {
  const groupBytes = arity * digestBytes
  const parents = new Uint8Array(Math.ceil(level.length / groupBytes) * digestBytes)
  const input = new Uint8Array(1 + groupBytes)
  input[0] = tag
  for (let at = 0; at * groupBytes < level.length; at++) {
    const children = level.subarray(at * groupBytes, (at + 1) * groupBytes)
    input.set(children, 1)
    const alone = children.length === digestBytes
    const parent = alone ? children : hash.digest(input.subarray(0, 1 + children.length))
    parents.set(parent, at * digestBytes)
  }
  return parents
}
