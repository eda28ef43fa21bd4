import { createHash } from 'node:crypto'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import {
  type BundleSlice,
  bundleHeaderBytes,
  type Item,
  isBundle,
  parseItem,
  readBundleCount,
  readBundleSlices,
  verifyItem,
} from '@heddle/protocol/item'
import type { Verify } from '../ports.ts'
import { ByteReader } from './byte-reader.ts'
import { collect, type Data, sliceData } from './data.ts'
import { itemHeaderBytesMax } from './holding.ts'

/**
 * An item found in a bundle, and where: `offset` and `length` in bytes of the outermost data.
 * `data` of a large one is only what was read with its header.
 */
export type BundledItem = {
  readonly item: Item
  readonly parentId: string
  readonly offset: number
  readonly length: number
}

export type UnpackLimits = { readonly bundleDepth: number; readonly bundleItems: number }

export type Unpacking = {
  readonly engine: CryptoEngine
  readonly verify: Verify
  readonly limits: UnpackLimits
  /** Given each item that holds, outer ones before those in them. */
  take(found: BundledItem): Promise<void>
}

/** Signatures under check at one time, and bytes of the items they are for. */
const checkedAtOnce = 1024
const checkedBytes = 32 * 1024 * 1024
/** Larger items of a bundle in the store are hashed as they pass, not put together. */
const wholeBytes = 1024 * 1024

type Candidate = Omit<BundledItem, 'parentId'> & { readonly holds: Promise<boolean> }
type Nested = { readonly id: string; readonly offset: number; readonly length: number }

/**
 * Opens a bundle, and bundles in it down to `bundleDepth`, looking at no more than `bundleItems`
 * entries in all. What is broken, unsigned, or named differently by its header is passed over: a
 * bundler cannot speak for others. Data in memory is opened where it lies; of other data, one pass
 * reads every byte once per depth.
 */
export async function unpackBundle(
  bundle: Pick<Item, 'id' | 'tags'>,
  data: Data,
  unpacking: Unpacking,
): Promise<void> {
  if (!isBundle(bundle)) return
  const { bundleDepth, bundleItems } = unpacking.limits
  let room = bundleItems
  let level: Nested[] = [{ id: bundle.id, offset: 0, length: data.sizeBytes }]
  for (let depth = 0; depth < bundleDepth && level.length > 0; depth++) {
    const inner: Nested[] = []
    for (const { id, offset, length } of level) {
      const within = sliceData(data, offset, length)
      const slices = (await readSlices(within, room)) ?? []
      room -= slices.length
      inner.push(...(await openOne(id, within, offset, slices, unpacking)))
    }
    level = inner
  }
}

/**
 * The bundle's header as far as there is room for what it names; undefined where it is none. However many
 * items it says it has, no more of it is read: a bundle may be all header, and as large as an upload.
 */
async function readSlices(data: Data, room: number): Promise<BundleSlice[] | undefined> {
  const { sizeBytes } = data
  const start = await collect(data, 0, Math.min(32, sizeBytes))
  const count = attempt(() => readBundleCount(start, sizeBytes).count)
  if (count === undefined || room === 0) return undefined
  const header = await collect(data, 0, bundleHeaderBytes(Math.min(count, room)))
  return attempt(() => readBundleSlices(header, sizeBytes, room))
}

async function openOne(
  parentId: string,
  data: Data,
  base: number,
  slices: readonly BundleSlice[],
  unpacking: Unpacking,
): Promise<Nested[]> {
  const nested: Nested[] = []
  let waiting: Candidate[] = []
  let bytes = 0
  const settle = async (count: number) => {
    const some = waiting.slice(0, count)
    waiting = waiting.slice(count)
    for (const { item, offset, length, holds } of some) {
      bytes -= item.bytes.length
      if (!(await holds)) continue
      await unpacking.take({ item, parentId, offset: base + offset, length })
      const headerBytes = item.bytes.length - item.data.length
      const start = { offset: base + offset + headerBytes, length: length - headerBytes }
      if (isBundle(item)) nested.push({ id: item.id, ...start })
    }
  }
  for await (const candidate of candidates(data, slices, unpacking)) {
    // Awaited in its turn; until then a refusal is nobody's.
    candidate.holds.catch(() => {})
    waiting.push(candidate)
    bytes += candidate.item.bytes.length
    if (bytes > checkedBytes) await settle(waiting.length)
    else if (waiting.length >= checkedAtOnce) await settle(checkedAtOnce / 2)
  }
  await settle(waiting.length)
  return nested
}

async function* candidates(
  data: Data,
  slices: readonly BundleSlice[],
  { engine, verify }: Unpacking,
): AsyncGenerator<Candidate> {
  const first = slices[0]?.offset ?? 0
  const reader = new ByteReader(data.read(first, data.sizeBytes))
  try {
    for (const { id, offset, length } of slices) {
      const whole = data.bytes !== undefined || length <= wholeBytes
      const bytes =
        data.bytes?.subarray(offset, offset + length) ??
        (await reader.take(whole ? length : Math.min(length, itemHeaderBytesMax)))
      const item = attempt(() => parseItem(bytes, engine))
      const named = item?.id === id ? item : undefined
      if (whole) {
        if (named !== undefined) yield { item: named, offset, length, holds: verify(named) }
        continue
      }
      // One larger than memory should hold goes by, hashed where it may count.
      const digest = createHash('sha384').update(named?.data ?? new Uint8Array(0))
      for await (const chunk of reader.pass(length - bytes.length)) digest.update(chunk)
      if (named === undefined) continue
      const sizeBytes = length - (bytes.length - named.data.length)
      const signed = { ...named, data: { sizeBytes, sha384: new Uint8Array(digest.digest()) } }
      yield { item: named, offset, length, holds: verifyItem(signed, engine) }
    }
  } finally {
    await reader.close()
  }
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
