import { bundleItems, bundleTags, type Item, verifyItem } from '@heddle/protocol/item'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nodeCrypto } from '../../runtime/index.ts'
import { makeItem } from '../fixtures/gateway.ts'
import { type Data, memoryData } from './data.ts'
import { type BundledItem, unpackBundle } from './unpack.ts'

/** A tree of bundles to be: leaves of some bytes, some of them forged. */
type Tree =
  | { readonly inner: readonly Tree[] }
  | { readonly bytes: number; readonly forged: boolean }

// Sizes around where items stop being read as a whole.
const size = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constantFrom(1_048_000, 1_049_000))
const trees = fc.letrec<{ tree: Tree; leaf: Tree; bundle: Tree }>((tie) => ({
  leaf: fc.record({ bytes: size, forged: fc.boolean() }),
  bundle: fc.record({ inner: fc.array(tie('tree'), { maxLength: 4 }) }),
  tree: fc.oneof({ maxDepth: 4, withCrossShrink: true }, tie('leaf'), tie('bundle')),
}))

let serial = 0

/** The item of a tree, and the ids of all in it that hold. */
async function build(tree: Tree, holding: Map<string, Item>): Promise<Item> {
  if ('inner' in tree) {
    const items = []
    for (const inner of tree.inner) items.push(await build(inner, holding))
    const bundle = await makeItem(bundleItems(items), bundleTags)
    holding.set(bundle.id, bundle)
    return bundle
  }
  const data = new Uint8Array(tree.bytes).fill(serial++ % 251)
  const item = await makeItem(data, { Number: String(serial) })
  if (tree.forged) {
    const bytes = Uint8Array.from(item.bytes)
    // The tag's value: the data may be empty.
    const at = bytes.length - data.length - 2
    bytes[at] = (bytes[at] ?? 0) === 0x30 ? 0x31 : 0x30
    return { ...item, bytes }
  }
  holding.set(item.id, item)
  return item
}

/** The same bytes as from a disk: in pieces of odd sizes. */
function piecewise(bytes: Uint8Array, pieceBytes: number): Data {
  return {
    sizeBytes: bytes.length,
    async *read(fromByte, toByte) {
      for (let at = fromByte; at < toByte; at += pieceBytes) {
        yield bytes.subarray(at, Math.min(at + pieceBytes, toByte))
      }
    },
  }
}

async function unpack(bundle: Item, data: Data): Promise<BundledItem[]> {
  const found: BundledItem[] = []
  await unpackBundle(bundle, data, {
    engine: nodeCrypto,
    verify: (item) => verifyItem(item, nodeCrypto),
    limits: { bundleDepth: 10, bundleItems: 1000 },
    take: async (inner) => void found.push(inner),
  })
  return found
}

test('of any tree of bundles what holds is found, in memory and as it streams', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(trees.tree, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 300_000 }),
      async (inner, pieceBytes) => {
        const holding = new Map<string, Item>()
        const root = await build({ inner }, holding)
        holding.delete(root.id)
        const fromMemory = await unpack(root, memoryData(root.data))
        // A forged leaf breaks no bundle's signature: it was signed around the forgery.
        expect(new Set(fromMemory.map(({ item }) => item.id))).toEqual(new Set(holding.keys()))
        for (const { item, offset, length } of fromMemory) {
          const cut = root.data.subarray(offset, offset + length)
          expect(Buffer.compare(cut, holding.get(item.id)?.bytes ?? new Uint8Array())).toBe(0)
        }
        const place = ({ item, ...rest }: BundledItem) => ({ id: item.id, ...rest })
        const streamed = await unpack(
          root,
          piecewise(root.data, Math.max(pieceBytes, root.data.length / 500)),
        )
        expect(streamed.map(place)).toEqual(fromMemory.map(place))
      },
    ),
    { numRuns: 10 },
  )
})

test('a header that claims more than there is allocates nothing and finds nothing', async () => {
  const bundle = await makeItem(new Uint8Array(64).fill(255), bundleTags)
  expect(await unpack(bundle, memoryData(bundle.data))).toEqual([])
  const many = new Uint8Array(96)
  many[5] = 1
  const counted = await makeItem(many, bundleTags)
  expect(await unpack(counted, piecewise(counted.data, 7))).toEqual([])
})

test('of a bundle that is all header no more is read than there is room for', async () => {
  const items = [await makeItem('one'), await makeItem('two'), await makeItem('three')]
  const short = await makeItem(bundleItems(items), bundleTags)
  const readBytes: number[] = []
  // 4 GiB: 64 million entries of no bytes.
  const sizeBytes = 2 ** 32
  const header = new Uint8Array(32 + 64 * 1000)
  new DataView(header.buffer).setUint32(0, (sizeBytes - 32) / 64, true)
  const endless: Data = {
    sizeBytes,
    async *read(fromByte, toByte) {
      readBytes.push(toByte)
      yield header.subarray(fromByte, toByte)
    },
  }
  expect(await unpack(short, endless)).toEqual([])
  expect(Math.max(...readBytes)).toBe(header.length)
})
