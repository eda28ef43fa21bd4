import { imagePageBytes, type MemoryImage } from '../ports.ts'
import type { PageScanner } from './page-scanner.ts'

const sparePages = 8

/** Pages `from` to `to`, `to` excluded. */
export type PageRun = { readonly from: number; readonly to: number }

/** Indexes of all pages that hold anything, rising: of these runs, or of all of the memory. */
export function findPages(
  scan: PageScanner,
  byteLength: number,
  runs: Iterable<PageRun> = [{ from: 0, to: byteLength / imagePageBytes }],
): Uint32Array {
  let indexes = new Uint32Array(1024)
  let count = 0
  for (const run of runs) {
    for (let page = scan(run.from, run.to); page < run.to; page = scan(page + 1, run.to)) {
      if (count === indexes.length) {
        const larger = new Uint32Array(indexes.length * 2)
        larger.set(indexes)
        indexes = larger
      }
      indexes[count++] = page
    }
  }
  return indexes.slice(0, count)
}

/** Copies the pages that hold anything out of `memory`. `worn`: see `Guest.capture`. */
export function captureImage(
  memory: Uint8Array,
  scan: PageScanner,
  hostState: Uint8Array,
  worn?: MemoryImage | undefined,
): MemoryImage {
  return copyPages(memory, findPages(scan, memory.length), hostState, worn)
}

/** Copies these pages out of `memory`. */
export function copyPages(
  memory: Uint8Array,
  indexes: Uint32Array,
  hostState: Uint8Array,
  worn?: MemoryImage | undefined,
): MemoryImage {
  const pages = roomFor(indexes.length * imagePageBytes, worn?.pages)
  for (const { page, place, count } of runsOf(indexes)) {
    const from = page * imagePageBytes
    pages.set(memory.subarray(from, from + count * imagePageBytes), place * imagePageBytes)
  }
  return { byteLength: memory.length, indexes, pages, hostState }
}

/**
 * Half of what a capture takes is the system giving new memory for it, and what is dropped often
 * makes V8 collect garbage often. So an older image's memory serves again, with some pages to spare
 * for states that grow and shrink by a few.
 */
function roomFor(length: number, worn: Uint8Array | undefined): Uint8Array {
  const held = worn?.buffer
  const heldBytes = held !== undefined && rooms.has(held) ? held.byteLength : 0
  const spareBytes = sparePages * imagePageBytes
  const fits = heldBytes >= length && heldBytes <= 2 * length + spareBytes
  const room = fits && held !== undefined ? held : new ArrayBuffer(length + spareBytes)
  rooms.add(room)
  return new Uint8Array(room, 0, length)
}

/** Memory of captures, which nothing else lies in. */
const rooms = new WeakSet<ArrayBufferLike>()

/**
 * Makes `memory`, already of the image's length, equal to the image. `present` names
 * all pages that may hold anything beforehand; the ones not in the image are zeroed.
 */
export function restoreImage(memory: Uint8Array, image: MemoryImage, present: Uint32Array): void {
  for (const { page, count } of runsOf(present)) {
    memory.fill(0, page * imagePageBytes, (page + count) * imagePageBytes)
  }
  for (const { page, place, count } of runsOf(image.indexes)) {
    const from = place * imagePageBytes
    memory.set(image.pages.subarray(from, from + count * imagePageBytes), page * imagePageBytes)
  }
}

/** Pages that follow each other, in memory and in `indexes` from `place` on: most of a state is a few runs. */
export function* runsOf(indexes: Uint32Array, from = 0, to = indexes.length) {
  let place = from
  while (place < to) {
    const page = indexes[place] ?? 0
    let count = 1
    while (place + count < to && indexes[place + count] === page + count) count++
    yield { page, place, count }
    place += count
  }
}
