import { digestBytes, digestPages } from '@heddle/protocol/digest'
import { nodeCrypto } from '../../runtime/index.ts'
import { imagePageBytes, type MemoryImage } from '../guest/ports.ts'
import { pageKeys } from './page-keys.ts'

/** The state every process of a module begins with: pages that need not be stored with each. */
export type StartPages = HashedImage & {
  /** Place of a page by its digest: its number among the pages of the image. */
  readonly places: ReadonlyMap<string, number>
}

const known = new WeakMap<MemoryImage, StartPages>()

/** The same for the same image: a thread does the hashing once per module. */
export function startPagesOf(image: MemoryImage | undefined): StartPages | undefined {
  if (image === undefined) return undefined
  const before = known.get(image)
  if (before !== undefined) return before
  const digests = digestPages(image.pages, nodeCrypto)
  const places = new Map(pageKeys(digests).map((key, place) => [key, place]))
  const start = { image, digests, places }
  known.set(image, start)
  return start
}

/**
 * For each page of `image`, in order, its place in the start image where it is the very same page, or -1.
 * Comparing is ten times cheaper than hashing.
 */
export function unchangedPages(image: MemoryImage, start: MemoryImage): Int32Array {
  const same = new Int32Array(image.indexes.length).fill(-1)
  const ours = Buffer.from(image.pages.buffer, image.pages.byteOffset, image.pages.length)
  let place = 0
  image.indexes.forEach((page, i) => {
    while ((start.indexes[place] ?? Number.POSITIVE_INFINITY) < page) place++
    if (start.indexes[place] !== page) return
    const at = i * imagePageBytes
    const from = place * imagePageBytes
    const [end, until] = [at + imagePageBytes, from + imagePageBytes]
    if (ours.compare(start.pages, from, until, at, end) === 0) same[i] = place
  })
  return same
}

/** An image whose pages were hashed before. */
export type HashedImage = { readonly image: MemoryImage; readonly digests: Uint8Array }

/** Digests of an image's pages; those that are in one of `known` are not hashed again. */
export function digestImage(image: MemoryImage, known: readonly HashedImage[]): Uint8Array {
  const count = image.indexes.length
  const digests = new Uint8Array(count * digestBytes)
  const sames = known.map((each) => ({ ...each, same: unchangedPages(image, each.image) }))
  for (let i = 0; i < count; i++) {
    const from = sames.find(({ same }) => (same[i] ?? -1) >= 0)
    const place = from?.same[i] ?? 0
    const at = i * imagePageBytes
    const digest =
      from === undefined
        ? digestPages(image.pages.subarray(at, at + imagePageBytes), nodeCrypto)
        : from.digests.subarray(place * digestBytes, (place + 1) * digestBytes)
    digests.set(digest, i * digestBytes)
  }
  return digests
}
