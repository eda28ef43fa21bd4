import { describe, expect, test } from 'vitest'
import { encodeBase64Url, encodeText, isHeddleError } from '../base/index.ts'
import { portableCrypto as engine } from '../crypto/index.ts'
import {
  bundleHeaderBytes,
  bundleItems,
  bundleTags,
  isBundle,
  parseBundle,
  readBundleCount,
  readBundleEntries,
  readBundleSlices,
} from './bundle.ts'
import { createItem } from './create.ts'
import { parseItem } from './parse.ts'
import { ethereumSigner, portableEd25519Signer } from './signers.ts'
import { verifyItem } from './verify.ts'

const key = new Uint8Array(32).fill(5)
const first = await createItem({ data: encodeText('one') }, portableEd25519Signer(key), engine)
const second = await createItem({ data: encodeText('two') }, ethereumSigner(key), engine)
const bundle = bundleItems([first, second])

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isHeddleError(error)) return `${error.kind} ${error.code}`
    throw error
  }
  return 'none'
}

/** A copy of the bundle with some bytes replaced. */
function patched(at: number, ...bytes: number[]): Uint8Array {
  const copy = Uint8Array.from(bundle)
  copy.set(bytes, at)
  return copy
}

describe('bundles', () => {
  test('give back their items, without a copy', async () => {
    const items = parseBundle(bundle, engine)
    expect(items.map((item) => item.id)).toEqual([first.id, second.id])
    expect(items[1]?.bytes.buffer).toBe(bundle.buffer)
    for (const item of items) expect(await verifyItem(item, engine)).toBe(true)
  })

  test('may be empty', () => {
    expect(parseBundle(bundleItems([]), engine)).toEqual([])
  })

  test('nest', async () => {
    const wrap = (data: Uint8Array) =>
      createItem({ data, tags: bundleTags }, portableEd25519Signer(key), engine)
    const inner = await wrap(bundle)
    const outer = parseItem((await wrap(bundleItems([inner, first]))).bytes, engine)
    expect(isBundle(outer)).toBe(true)
    const [nested, plain] = parseBundle(outer.data, engine)
    expect([nested?.id, plain?.id]).toEqual([inner.id, first.id])
    expect(plain && isBundle(plain)).toBe(false)
    const ids = nested && parseBundle(nested.data, engine).map((item) => item.id)
    expect(ids).toEqual([first.id, second.id])
  })

  test('with a broken item can still be read around it', () => {
    const itemAt = 32 + 2 * 64
    const broken = patched(itemAt, 99)
    expect(codeOf(() => parseBundle(broken, engine))).toBe('invalid item-signature-type')
    const [, good] = readBundleEntries(broken)
    expect(good && parseItem(good.bytes, engine).id).toBe(second.id)
  })
})

describe('a bundle is refused', () => {
  test.each([
    ['without a count', bundle.subarray(0, 31), 'bundle-truncated'],
    ['within its header', bundle.subarray(0, 100), 'bundle-truncated'],
    ['within an item', bundle.subarray(0, -1), 'bundle-truncated'],
    ['with bytes after the last item', Uint8Array.of(...bundle, 0), 'bundle-trailing'],
    ['with an id that is not the item’s', patched(32 + 32, 0, 0, 0, 0), 'bundle-item-id'],
    ['with one item too many', patched(0, 3), 'bundle-truncated'],
    ['with one item too few', patched(0, 1), 'bundle-trailing'],
    ['with a size of 2^256 - 1', patched(32, ...Array(32).fill(255)), 'bundle-truncated'],
    ['with 2^256 - 1 items', patched(0, ...Array(32).fill(255)), 'bundle-truncated'],
    ['with an item of no bytes', Uint8Array.of(1, ...new Uint8Array(95)), 'item-truncated'],
  ])('%s', (_name, bytes, code) => {
    expect(codeOf(() => parseBundle(bytes, engine))).toBe(`invalid ${code}`)
  })

  test('with a count its size cannot hold, before anything is made of it', () => {
    // 64 bytes for each of two thousand million items would be 128 GB.
    const bytes = new Uint8Array(32 + 64 * 4)
    bytes.set([0, 0, 0, 0x80])
    expect(codeOf(() => readBundleEntries(bytes))).toBe('invalid bundle-truncated')
  })
})

test('the header is 32 bytes of count, then size and id of each', () => {
  expect([...bundle.subarray(0, 3)]).toEqual([2, 0, 0])
  const size = (bundle[96] ?? 0) + 256 * (bundle[97] ?? 0)
  expect(size).toBe(second.bytes.length)
  expect(encodeBase64Url(bundle.subarray(128, 160))).toBe(second.id)
})

test('a header tells where items lie when the rest is not in memory', () => {
  const { count, headerBytes } = readBundleCount(bundle.subarray(0, 32), bundle.length)
  expect(count).toBe(2)
  const slices = readBundleSlices(bundle.subarray(0, headerBytes), bundle.length)
  const cut = slices.map(({ id, offset, length }) => ({
    id,
    bytes: bundle.subarray(offset, offset + length),
  }))
  expect(cut).toEqual(readBundleEntries(bundle))
  const short = () => readBundleSlices(bundle.subarray(0, headerBytes - 1), bundle.length)
  expect(codeOf(short)).toBe('invalid bundle-truncated')
  const claimed = () => readBundleCount(bundle.subarray(0, 32), headerBytes - 1)
  expect(codeOf(claimed)).toBe('invalid bundle-truncated')
  const start = bundle.subarray(0, bundleHeaderBytes(1))
  expect(readBundleSlices(start, bundle.length, 1)).toEqual(slices.slice(0, 1))
})
