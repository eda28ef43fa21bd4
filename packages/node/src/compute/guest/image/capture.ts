import { imagePageBytes, type MemoryImage } from '../ports.ts'
import type { PageScanner } from './page-scanner.ts'
import { roomFor } from './rooms.ts'

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
