import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, isBundle, parseItem, readBundleEntries } from '@heddle/protocol/item'
import type { Verify } from '../ports.ts'

/** An item found in a bundle, and where: `offset` and `length` in bytes of the outermost item. */
export type BundledItem = {
  readonly item: Item
  readonly parentId: string
  readonly offset: number
  readonly length: number
}

export type UnpackLimits = { readonly bundleDepth: number; readonly bundleItems: number }

/** Signatures under check at one time. */
const verifiedAtOnce = 64

/**
 * Opens an item that is a bundle, and bundles in it down to `bundleDepth`, looking at no more than
 * `bundleItems` entries in all. What is broken, unsigned, or named differently by its header is
 * passed over: a bundler cannot speak for others. Outer items come before those in them.
 */
export async function unpackBundle(
  root: Item,
  engine: CryptoEngine,
  verify: Verify,
  limits: UnpackLimits,
): Promise<BundledItem[]> {
  const found: BundledItem[] = []
  let looked = 0
  let level: Item[] = [root]
  for (let depth = 0; depth < limits.bundleDepth && level.length > 0; depth++) {
    const inner: BundledItem[] = []
    for (const bundle of level) {
      const room = limits.bundleItems - looked
      const { seen, items } = openOne(bundle, root, engine, room)
      looked += seen
      inner.push(...(await keepSigned(items, verify)))
    }
    found.push(...inner)
    level = inner.map(({ item }) => item)
  }
  return found
}

function openOne(
  bundle: Item,
  root: Item,
  engine: CryptoEngine,
  room: number,
): { seen: number; items: BundledItem[] } {
  if (!isBundle(bundle)) return { seen: 0, items: [] }
  const entries = attempt(() => readBundleEntries(bundle.data))?.slice(0, room) ?? []
  const items: BundledItem[] = []
  for (const entry of entries) {
    const item = attempt(() => parseItem(entry.bytes, engine))
    if (item === undefined || item.id !== entry.id) continue
    const offset = entry.bytes.byteOffset - root.bytes.byteOffset
    items.push({ item, parentId: bundle.id, offset, length: entry.bytes.length })
  }
  return { seen: entries.length, items }
}

async function keepSigned(items: readonly BundledItem[], verify: Verify): Promise<BundledItem[]> {
  const signed: BundledItem[] = []
  for (let at = 0; at < items.length; at += verifiedAtOnce) {
    const some = items.slice(at, at + verifiedAtOnce)
    const verdicts = await Promise.all(some.map(({ item }) => verify(item)))
    signed.push(...some.filter((_, index) => verdicts[index]))
  }
  return signed
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
