import { assert, concatBytes } from '../base/index.ts'
import { type BlobHash, digestBytes } from './hash.ts'

/**
 * A Merkle tree over digests. On each level `arity` neighbours become one node H(tag ‖ children); the
 * last node of a level may have fewer, and a node left alone rises as it is. The number of leaves is
 * not hashed: whoever uses a root binds it elsewhere.
 */
export type TreeShape = { readonly hash: BlobHash; readonly tag: number; readonly arity: number }

/** Root over `leaves`: digests one after another, at least one. */
export function treeRoot(shape: TreeShape, leaves: Uint8Array): Uint8Array {
  let level = leaves
  while (level.length > digestBytes) level = parentsOf(shape, level)
  return level.slice()
}

/**
 * What proves leaf `index` against the root: on each level its neighbours under the same parent, in
 * order, the node itself left out; levels one after another.
 */
export function treePath(shape: TreeShape, leaves: Uint8Array, index: number): Uint8Array {
  assert(index * digestBytes < leaves.length, 'the leaf is one of the tree')
  const parts: Uint8Array[] = []
  let level = leaves
  let at = index
  while (level.length > digestBytes) {
    const { from, to } = groupOf(shape.arity, at, level.length / digestBytes)
    parts.push(level.slice(from * digestBytes, at * digestBytes))
    parts.push(level.slice((at + 1) * digestBytes, to * digestBytes))
    level = parentsOf(shape, level)
    at = Math.floor(at / shape.arity)
  }
  return concatBytes(parts)
}

/**
 * The root that `leaf` at `index` of `count` leaves leads to along `path`, or undefined where the path
 * has not the length that index and count ask for.
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
