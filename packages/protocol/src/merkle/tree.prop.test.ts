import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, toHex } from '../base/index.ts'
import { portableBlake3, portableSha256 } from './portable.ts'
import {
  pathBytesMax,
  rootFromPath,
  type TreeShape,
  treeLevels,
  treePath,
  treeRoot,
} from './tree.ts'

const trees = fc.record({
  arity: fc.constantFrom(2, 16),
  count: fc.integer({ min: 1, max: 70 }),
  at: fc.nat(),
})

function leavesOf(count: number): Uint8Array {
  return concatBytes(
    Array.from({ length: count }, (_, i) => portableSha256.digest(Uint8Array.of(i))),
  )
}

function shapeOf(arity: number): TreeShape {
  return { hash: portableSha256, tag: 1, arity }
}

describe('Merkle trees', () => {
  it('prove every leaf, and nothing else', () => {
    fc.assert(
      fc.property(trees, fc.nat(), ({ arity, count, at }, flip) => {
        const shape = shapeOf(arity)
        const leaves = leavesOf(count)
        const index = at % count
        const leaf = leaves.slice(32 * index, 32 * index + 32)
        const root = treeRoot(shape, leaves)
        const path = treePath(arity, treeLevels(shape, leaves), index)
        expect(path.length).toBeLessThanOrEqual(pathBytesMax(arity, count))
        expect(rootFromPath(shape, leaf, index, count, path)).toEqual(root)
        expect(rootFromPath(shape, leaf, index, count, concatBytes([path, leaf]))).toBeUndefined()
        expect(rootFromPath(shape, leaf, count, count, path)).toBeUndefined()
        if (path.length === 0) return
        expect(rootFromPath(shape, leaf, index, count, path.subarray(1))).toBeUndefined()
        const bent = path.slice()
        bent[flip % bent.length] = (bent[flip % bent.length] ?? 0) ^ 1
        expect(rootFromPath(shape, leaf, index, count, bent)).not.toEqual(root)
        const other = (index + 1) % count
        expect(rootFromPath(shape, leaf, other, count, path)).not.toEqual(root)
      }),
      { numRuns: 150 },
    )
  })

  it('differ by tag and by leaf', () => {
    const leaves = leavesOf(5)
    const root = toHex(treeRoot(shapeOf(2), leaves))
    expect(toHex(treeRoot({ ...shapeOf(2), tag: 2 }, leaves))).not.toBe(root)
    expect(toHex(treeRoot({ ...shapeOf(2), hash: portableBlake3 }, leaves))).not.toBe(root)
    expect(toHex(treeRoot(shapeOf(2), leaves.subarray(0, 128)))).not.toBe(root)
  })
})
