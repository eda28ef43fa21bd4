import { unchangedPages } from '../checkpoint/index.ts'
import { decodeImage, encodeImage } from '../guest/image.ts'
import { imagePageBytes, type MemoryImage } from '../guest/ports.ts'

/** An image without the pages that are the start's, compressed. */
export type PackedBase = {
  /** The other pages, as an image of their own. */
  readonly rest: Uint8Array
  /** Pages that are those of the start, by their number there. */
  readonly places: Uint32Array
}

export function packBase(image: MemoryImage, start: MemoryImage | undefined): PackedBase {
  if (start === undefined) return { rest: encodeImage(image), places: new Uint32Array(0) }
  const same = unchangedPages(image, start)
  const own: number[] = []
  same.forEach((place, i) => {
    if (place < 0) own.push(i)
  })
  const rest = {
    ...image,
    indexes: Uint32Array.from(own, (i) => image.indexes[i] ?? 0),
    pages: gather(image.pages, own),
  }
  return { rest: encodeImage(rest), places: Uint32Array.from(same.filter((place) => place >= 0)) }
}

export function unpackBase(
  { rest, places }: PackedBase,
  start: MemoryImage | undefined,
): MemoryImage {
  const own = decodeImage(rest)
  if (start === undefined || places.length === 0) return own
  const pagesOf = new Map<number, Uint8Array>()
  const add = (image: MemoryImage, place: number) => {
    const from = place * imagePageBytes
    const bytes = image.pages.subarray(from, from + imagePageBytes)
    pagesOf.set(image.indexes[place] ?? 0, bytes)
  }
  for (const place of places) add(start, place)
  own.indexes.forEach((_, place) => {
    add(own, place)
  })
  const indexes = Uint32Array.from(pagesOf.keys()).sort()
  const pages = new Uint8Array(indexes.length * imagePageBytes)
  indexes.forEach((page, i) => {
    pages.set(pagesOf.get(page) ?? new Uint8Array(0), i * imagePageBytes)
  })
  return { byteLength: own.byteLength, indexes, pages, hostState: own.hostState }
}

function gather(pages: Uint8Array, places: readonly number[]): Uint8Array {
  const gathered = new Uint8Array(places.length * imagePageBytes)
  places.forEach((place, i) => {
    const from = place * imagePageBytes
    gathered.set(pages.subarray(from, from + imagePageBytes), i * imagePageBytes)
  })
  return gathered
}
