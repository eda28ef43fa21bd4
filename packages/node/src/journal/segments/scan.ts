import { crc32 } from 'node:zlib'
import type { File } from '../../runtime/index.ts'
import { journalCorrupt } from '../errors.ts'
import {
  groupHeadBytes,
  groupMark,
  readGroupHead,
  type SegmentHead,
  segmentHeadBytes,
} from './format.ts'

const windowBytes = 4 * 1024 * 1024

/** A part of a file in memory that follows a reader going forward. */
class Window {
  readonly #file: File
  #buffer: Buffer
  #length = 0
  #start = 0

  constructor(file: File, sizeBytes: number) {
    this.#file = file
    this.#buffer = Buffer.allocUnsafe(Math.min(windowBytes, sizeBytes))
  }

  /** `length` bytes from `offset`; fewer where the file ends. Valid until the next call. */
  async view(offset: number, length: number): Promise<Buffer> {
    const from = offset - this.#start
    if (from >= 0 && from + length <= this.#length)
      return this.#buffer.subarray(from, from + length)
    if (length > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(length)
    this.#length = await this.#file.read(this.#buffer, offset)
    this.#start = offset
    return this.#buffer.subarray(0, Math.min(length, this.#length))
  }
}

export type Scan = {
  /** End of the last whole group. */
  readonly end: number
  /** Sequence of the next group. */
  readonly sequence: number
  /** Start of the last group; undefined in a segment that has none. */
  readonly lastGroup: number | undefined
  /** The last group is empty: the journal was closed in order. */
  readonly isSealed: boolean
  readonly sizeBytes: number
}

/**
 * Reads all groups of a segment in order. It ends at the first that is not whole; that is a torn
 * tail and left to the caller, unless a later group follows: then it throws `journal-corrupt`.
 */
export async function scanSegment(
  file: File,
  path: string,
  segment: SegmentHead,
  visit: (body: Buffer, offset: number) => void,
): Promise<Scan> {
  const sizeBytes = await file.sizeBytes()
  const mark = groupMark(segment.salt)
  const window = new Window(file, sizeBytes)
  let end = segmentHeadBytes
  let sequence = segment.sequence
  let lastGroup: number | undefined
  let isSealed = false
  while (end < sizeBytes) {
    const head = readGroupHead(await window.view(end, groupHeadBytes), 0, mark)
    const bodyAt = end + groupHeadBytes
    if (head === undefined || bodyAt + head.bodyBytes > sizeBytes) break
    if (head.sequence !== sequence) {
      throw journalCorrupt(path, end, `group ${head.sequence} stands where ${sequence} belongs`)
    }
    const body = await window.view(bodyAt, head.bodyBytes)
    if (body.length !== head.bodyBytes || crc32(body) !== head.bodyCrc) break
    visit(body, bodyAt)
    lastGroup = end
    isSealed = head.bodyBytes === 0
    end = bodyAt + head.bodyBytes
    sequence++
  }
  const later = await findLaterGroup(window, mark, sequence, end + 1, sizeBytes)
  if (later !== undefined) {
    throw journalCorrupt(path, end, `a checksum fails, but whole data follows at byte ${later}`)
  }
  return { end, sequence, lastGroup, isSealed, sizeBytes }
}

/** Offset of the first head from `from` on of a group behind number `sequence`. */
async function findLaterGroup(
  window: Window,
  mark: Buffer,
  sequence: number,
  from: number,
  sizeBytes: number,
): Promise<number | undefined> {
  let start = from
  while (start + groupHeadBytes <= sizeBytes) {
    const bytes = await window.view(start, Math.min(windowBytes, sizeBytes - start))
    for (let at = bytes.indexOf(mark); at !== -1; at = bytes.indexOf(mark, at + 1)) {
      // A record may hold a copy of this file; heads in it have lower numbers.
      const head = readGroupHead(bytes, at, mark)
      if (head !== undefined && head.sequence > sequence) return start + at
    }
    if (bytes.length < groupHeadBytes) return undefined
    // A head may lie across two windows.
    start += bytes.length - groupHeadBytes + 1
  }
  return undefined
}
