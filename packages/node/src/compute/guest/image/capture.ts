import { imagePageBytes, type MemoryImage } from '../ports.ts'
import type { PageScanner } from './page-scanner.ts'

const sparePages = 8

/**
 * Indexes of all pages that hold anything, rising. Where there are marks (`mark-stores.ts`) only pages
 * they name are looked at.
 */
export function findPages(
  scan: PageScanner,
  byteLength: number,
  marks?: Uint8Array | undefined,
): Uint32Array {
  const end = byteLength / imagePageBytes
  let indexes = new Uint32Array(1024)
  let count = 0
  for (const run of marks === undefined ? [{ from: 0, to: end }] : markedRuns(marks, end)) {
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

/** Runs of pages that marks name, up to `end`: a mark stands for its page and the one behind. */
function* markedRuns(marks: Uint8Array, end: number) {
  const within = marks.subarray(0, end)
  let from = within.indexOf(1)
  while (from >= 0) {
    const unmarked = within.indexOf(0, from)
    const to = unmarked < 0 ? end : unmarked + 1
    yield { from, to }
    from = within.indexOf(1, to)
  }
}

type CaptureOptions = {
  /** See `findPages`. */
  readonly marks?: Uint8Array | undefined
  /** See `Guest.capture`. */
  readonly worn?: MemoryImage | undefined
}

/** Copies the pages that hold anything out of `memory`. */
export function captureImage(
  memory: Uint8Array,
  scan: PageScanner,
  hostState: Uint8Array,
  { marks, worn }: CaptureOptions = {},
): MemoryImage {
  const indexes = findPages(scan, memory.length, marks)
  const length = indexes.length * imagePageBytes
  const pages = roomFor(length, worn?.pages)
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
function* runsOf(indexes: Uint32Array) {
  let place = 0
  while (place < indexes.length) {
    const page = indexes[place] ?? 0
    let count = 1
    while (place + count < indexes.length && indexes[place + count] === page + count) count++
    yield { page, place, count }
    place += count
  }
}
