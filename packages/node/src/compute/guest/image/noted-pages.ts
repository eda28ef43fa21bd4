import { imagePageBytes, type MemoryImage } from '../ports.ts'
import { copyPages, findPages, type PageRun, restoreImage, runsOf } from './capture.ts'
import type { PageScanner } from './page-scanner.ts'

/**
 * What is known of a memory whose module notes its writes (`mark-stores.ts`): the pages that held anything when
 * the state was last read or set as a whole, and those written since. So reading a state again, and
 * going back to one, takes what was written and not what there is.
 */
export class NotedPages {
  readonly #marks: Uint8Array
  readonly #scan: PageScanner
  /** Pages that held anything back then; names the image of that state, which has this very array. */
  #settled: Uint32Array

  /** `held`: the pages of a new instance. */
  constructor(marks: Uint8Array, scan: PageScanner, held: Uint32Array) {
    this.#marks = marks
    this.#scan = scan
    this.#settled = held
  }

  /** Pages that may hold anything, at most. */
  atMost(byteLength: number): number {
    let count = this.#settled.length
    for (const { from, to } of this.#written(byteLength)) count += to - from
    return count
  }

  /** The state now. Where `worn` is the state as of last time, only what was written is copied. */
  capture(memory: Uint8Array, hostState: Uint8Array, worn?: MemoryImage): MemoryImage {
    const written = this.#written(memory.length)
    const held = this.#held(written, memory.length)
    if (held === worn?.indexes) {
      for (const { page, place, count } of piecesOf(held, written)) {
        const from = page * imagePageBytes
        const bytes = memory.subarray(from, from + count * imagePageBytes)
        worn.pages.set(bytes, place * imagePageBytes)
      }
      this.#settle(held, memory.length)
      return { byteLength: memory.length, indexes: held, pages: worn.pages, hostState }
    }
    // An array of its own, or it would name an older image too.
    const indexes = held === this.#settled ? held.slice() : held
    this.#settle(indexes, memory.length)
    return copyPages(memory, indexes, hostState, worn)
  }

  /** Makes `memory`, of the image's length already, equal to the image. */
  restore(memory: Uint8Array, image: MemoryImage): void {
    const { indexes, pages } = image
    const written = this.#written(memory.length)
    if (indexes === this.#settled) {
      for (const { from, to } of written) memory.fill(0, from * imagePageBytes, to * imagePageBytes)
      for (const { page, place, count } of piecesOf(indexes, written)) {
        const from = place * imagePageBytes
        memory.set(pages.subarray(from, from + count * imagePageBytes), page * imagePageBytes)
      }
    } else restoreImage(memory, image, this.#held(written, memory.length))
    this.#settle(indexes, memory.length)
  }

  #settle(indexes: Uint32Array, byteLength: number): void {
    this.#settled = indexes
    this.#marks.fill(0, 0, byteLength / imagePageBytes)
  }

  /** Pages that hold anything now, rising: the very same array where they are those of last time. */
  #held(written: readonly PageRun[], byteLength: number): Uint32Array {
    const found = findPages(this.#scan, byteLength, written)
    const before = this.#settled
    const held = new Uint32Array(before.length + found.length)
    let [count, place, at] = [0, 0, 0]
    const keepUntil = (page: number) => {
      while (place < before.length && (before[place] ?? 0) < page)
        held[count++] = before[place++] ?? 0
    }
    for (const { from, to } of written) {
      keepUntil(from)
      while (place < before.length && (before[place] ?? 0) < to) place++
      while (at < found.length && (found[at] ?? 0) < to) held[count++] = found[at++] ?? 0
    }
    keepUntil(Number.POSITIVE_INFINITY)
    return isSame(held, count, before) ? before : held.slice(0, count)
  }

  #written(byteLength: number): PageRun[] {
    return writtenRuns(this.#marks, byteLength / imagePageBytes)
  }
}

function isSame(held: Uint32Array, count: number, before: Uint32Array): boolean {
  if (count !== before.length) return false
  for (let i = 0; i < count; i++) if (held[i] !== before[i]) return false
  return true
}

/** Pieces of `indexes` that lie in these runs, with their places. */
function* piecesOf(indexes: Uint32Array, runs: readonly PageRun[]) {
  let place = 0
  for (const { from, to } of runs) {
    while (place < indexes.length && (indexes[place] ?? 0) < from) place++
    let end = place
    while (end < indexes.length && (indexes[end] ?? 0) < to) end++
    yield* runsOf(indexes, place, end)
    place = end
  }
}

/**
 * Runs of pages that marks name, up to `end`: a mark stands for its page and the one behind. Marks begin at a
 * word of their memory and there are whole words of them.
 */
export function writtenRuns(marks: Uint8Array, end: number): PageRun[] {
  const words = new Int32Array(marks.buffer, marks.byteOffset, Math.ceil(end / 4))
  const runs: PageRun[] = []
  let page = 0
  while (page < end) {
    // Nearly all words are zero.
    if ((page & 3) === 0 && words[page >> 2] === 0) page += 4
    else if (marks[page] === 0) page++
    else {
      const from = page
      while (page < end && marks[page] !== 0) page++
      const to = Math.min(page + 1, end)
      runs.push({ from, to })
      page = to
    }
  }
  return runs
}
