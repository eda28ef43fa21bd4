import { assert, decodeBase64Url, encodeBase64Url } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import * as errors from './errors.ts'
import { type Item, type Tag, tagValue } from './item.ts'
import { parseItem } from './parse.ts'

const countBytes = 32
const entryBytes = 64

/**
 * Where a bundle keeps one item: its id as the header states it, and the item's bytes as a view.
 */
export type BundleEntry = { readonly id: string; readonly bytes: Uint8Array }

/** Tags that say an item's data is a bundle. */
export const bundleTags: readonly Tag[] = [
  { name: 'Bundle-Format', value: 'binary' },
  { name: 'Bundle-Version', value: '2.0.0' },
]

/**
 * Tells whether an item states that its data is a bundle. How deep to follow is the caller's
 * choice.
 */
export function isBundle(item: Pick<Item, 'tags'>): boolean {
  return bundleTags.every(({ name, value }) => tagValue(item.tags, name) === value)
}

/**
 * Joins signed items to a bundle: a 32-byte count, a size and an id of 32 bytes each, then the
 * items.
 */
export function bundleItems(items: readonly Item[]): Uint8Array {
  const headerBytes = bundleHeaderBytes(items.length)
  const bytes = new Uint8Array(items.reduce((sum, item) => sum + item.bytes.length, headerBytes))
  writeLength(bytes, 0, items.length)
  let at = headerBytes
  for (const [index, item] of items.entries()) {
    const entry = bundleHeaderBytes(index)
    const id = decodeBase64Url(item.id)
    assert(id?.length === 32, 'an item id names 32 bytes')
    writeLength(bytes, entry, item.bytes.length)
    bytes.set(id, entry + 32)
    bytes.set(item.bytes, at)
    at += item.bytes.length
  }
  return bytes
}

/** Where a bundle keeps one item: `offset` and `length` in bytes of the bundle. */
export type BundleSlice = { readonly id: string; readonly offset: number; readonly length: number }

/**
 * The number of items a bundle of `sizeBytes` says it has in its first 32 bytes, and the size of its
 * whole header. Throws `bundle-truncated` where that does not fit: nothing is allocated before.
 */
export function readBundleCount(
  start: Uint8Array,
  sizeBytes: number,
): { readonly count: number; readonly headerBytes: number } {
  if (Math.min(start.length, sizeBytes) < countBytes) {
    throw errors.bundleTruncated('count', countBytes, sizeBytes)
  }
  const count = readLength(start, 0)
  const headerBytes = bundleHeaderBytes(count)
  if (headerBytes > sizeBytes) {
    throw errors.bundleTruncated(`header of ${count} items`, headerBytes, sizeBytes)
  }
  return { count, headerBytes }
}

/** Bytes from a bundle's start that tell of its first `items`. */
export function bundleHeaderBytes(items: number): number {
  return countBytes + entryBytes * items
}

/**
 * Reads a bundle's header, of which the rest need not be in memory; of a bundle of more than `most` items
 * the first of them, whose part of the header is enough then. Throws codes `bundle-…`.
 */
export function readBundleSlices(
  header: Uint8Array,
  sizeBytes: number,
  most = Number.POSITIVE_INFINITY,
): BundleSlice[] {
  const { count: stated, headerBytes: statedBytes } = readBundleCount(header, sizeBytes)
  const count = Math.min(stated, most)
  const neededBytes = bundleHeaderBytes(count)
  if (neededBytes > header.length) {
    throw errors.bundleTruncated(`header of ${count} items`, neededBytes, header.length)
  }
  const slices: BundleSlice[] = []
  let offset = statedBytes
  for (let index = 0; index < count; index++) {
    const entry = bundleHeaderBytes(index)
    const length = readLength(header, entry)
    const end = offset + length
    if (end > sizeBytes) throw errors.bundleTruncated(`item ${index}`, end, sizeBytes)
    const id = encodeBase64Url(header.subarray(entry + 32, entry + entryBytes))
    slices.push({ id, offset, length })
    offset = end
  }
  if (count === stated && offset < sizeBytes) throw errors.bundleTrailing(sizeBytes - offset)
  return slices
}

/**
 * Reads a bundle's header without looking into its items, so a reader may pass over a broken one.
 * The count is checked against the bundle's size before anything is allocated. Throws codes
 * `bundle-…`.
 */
export function readBundleEntries(bytes: Uint8Array): BundleEntry[] {
  return readBundleSlices(bytes, bytes.length).map(({ id, offset, length }) => ({
    id,
    bytes: bytes.subarray(offset, offset + length),
  }))
}

/**
 * Parses a bundle and each item in it; ids in the header must match. Signatures are not verified.
 * Throws the first defect: codes `bundle-…` of the header, `item-…` of an item.
 */
export function parseBundle(bytes: Uint8Array, engine: CryptoEngine): Item[] {
  return readBundleEntries(bytes).map((entry, index) => {
    const item = parseItem(entry.bytes, engine)
    if (item.id !== entry.id) throw errors.bundleItemId(index, entry.id, item.id)
    return item
  })
}

/** A 32-byte little-endian number; beyond 2^53 it is inexact, and no bundle is that long. */
function readLength(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let i = at + 31; i >= at; i--) value = value * 256 + (bytes[i] ?? 0)
  return value
}

function writeLength(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0, rest = value; rest > 0; i++, rest = Math.floor(rest / 256)) {
    bytes[at + i] = rest % 256
  }
}
