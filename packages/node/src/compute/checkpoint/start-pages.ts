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
  const keyOf = pageKeys(digests)
  const places = new Map(Array.from(image.indexes, (_, place) => [keyOf(place), place]))
  const start = { image, digests, places }
  known.set(image, start)
  return start
}

/**
 * For each page of `image`, in order, its place in the start image where it is the very same page, or -1: also for
 * those that have a place in `found`. Comparing is ten times cheaper than hashing.
 */
export function unchangedPages(
  image: MemoryImage,
  start: MemoryImage | undefined,
  found?: Int32Array,
): Int32Array {
  const same = new Int32Array(image.indexes.length).fill(-1)
  if (start === undefined) return same
  const ours = Buffer.from(image.pages.buffer, image.pages.byteOffset, image.pages.length)
  let place = 0
  image.indexes.forEach((page, i) => {
    while ((start.indexes[place] ?? Number.POSITIVE_INFINITY) < page) place++
    if (start.indexes[place] !== page || (found?.[i] ?? -1) >= 0) return
    const at = i * imagePageBytes
    const from = place * imagePageBytes
    const [end, until] = [at + imagePageBytes, from + imagePageBytes]
    if (ours.compare(start.pages, from, until, at, end) === 0) same[i] = place
  })
  return same
}

/** An image whose pages were hashed before. */
export type HashedImage = { readonly image: MemoryImage; readonly digests: Uint8Array }

/** Digests of an image's pages, and for each its place in the start where it is the same page there, or -1. */
export type PageFacts = { readonly digests: Uint8Array; readonly startPlaces: Int32Array }

/** Pages that are in `start` or in `before` as they are here are not hashed again. */
export function digestImage(
  image: MemoryImage,
  start: HashedImage | undefined,
  before?: HashedImage,
): PageFacts {
  const count = image.indexes.length
  const digests = Buffer.alloc(count * digestBytes)
  const startPlaces = unchangedPages(image, start?.image)
  const places = unchangedPages(image, before?.image, startPlaces)
  for (let i = 0; i < count; i++) {
    const startPlace = startPlaces[i] ?? -1
    const place = startPlace < 0 ? (places[i] ?? -1) : startPlace
    const known = startPlace < 0 ? before : start
    if (known !== undefined && place >= 0) {
      copyDigest(known.digests, place, digests, i)
      continue
    }
    const at = i * imagePageBytes
    const page = image.pages.subarray(at, at + imagePageBytes)
    digests.set(digestPages(page, nodeCrypto), i * digestBytes)
  }
  return { digests, startPlaces }
}

/** Without a view made for each, which would cost more than the copy. */
function copyDigest(from: Uint8Array, place: number, to: Uint8Array, i: number): void {
  const start = place * digestBytes
  const at = i * digestBytes
  for (let byte = 0; byte < digestBytes; byte++) to[at + byte] = from[start + byte] as number
}
