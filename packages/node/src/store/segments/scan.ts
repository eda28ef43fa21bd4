import { crc32 } from 'node:zlib'
import { type File, nodeCrypto } from '../../runtime/index.ts'
import {
  markBytes,
  metaBytesMax,
  type RecordHead,
  readRecordHead,
  readSegmentHead,
  recordHeadBytes,
  segmentHeadBytes,
} from './format.ts'

const windowBytes = 1024 * 1024

/** A record whose checksums hold. */
export type ScannedRecord = {
  readonly isDamaged: false
  readonly head: RecordHead
  readonly body: Uint8Array
  readonly offset: number
  readonly endBytes: number
}

/** A stretch that is no whole record. At the end of a file it is what a crash cut off. */
export type ScannedDamage = {
  readonly isDamaged: true
  readonly offset: number
  readonly endBytes: number
  readonly isTail: boolean
  /** Where at least the head holds. */
  readonly head?: RecordHead
}

/**
 * Reads a segment's records from byte `from` on, every checksum checked, chunks by their SHA-256. What
 * is damaged is told and passed over to the next record that bears the segment's mark.
 */
export async function* scanSegment(
  file: File,
  from = 0,
): AsyncGenerator<ScannedRecord | ScannedDamage> {
  const window = new Window(file, await file.sizeBytes())
  const mark = readSegmentHead(await window.view(0, segmentHeadBytes))
  if (mark === undefined) {
    if (window.sizeBytes > 0) yield damage(0, window.sizeBytes, window.sizeBytes)
    return
  }
  let at = Math.max(from, segmentHeadBytes)
  while (at < window.sizeBytes) {
    const record = await readRecord(window, at, mark)
    if (record === undefined) {
      const next = await findMark(window, at + 1, mark)
      yield damage(at, next, window.sizeBytes)
      at = next
      continue
    }
    yield record
    at = record.endBytes
  }
}

function damage(offset: number, endBytes: number, sizeBytes: number): ScannedDamage {
  return { isDamaged: true, offset, endBytes, isTail: endBytes === sizeBytes && offset > 0 }
}

async function readRecord(
  window: Window,
  at: number,
  mark: Buffer,
): Promise<ScannedRecord | ScannedDamage | undefined> {
  const head = readRecordHead(await window.view(at, recordHeadBytes + metaBytesMax), 0, mark)
  if (head === undefined) return undefined
  const bodyAt = at + recordHeadBytes + head.meta.length
  const endBytes = bodyAt + head.bodyBytes
  if (endBytes > window.sizeBytes) return undefined
  const body = new Uint8Array(await window.view(bodyAt, head.bodyBytes))
  const holds =
    head.kind === 'chunk'
      ? Buffer.compare(nodeCrypto.sha256(body), head.meta.subarray(0, 32)) === 0
      : crc32(body) === head.bodyCrc
  if (!holds) return { ...damage(at, endBytes, window.sizeBytes), head }
  return { isDamaged: false, head, body, offset: at, endBytes }
}

/** Where the mark is next, or the end of the file. */
async function findMark(window: Window, from: number, mark: Buffer): Promise<number> {
  for (let at = from; at < window.sizeBytes; at += windowBytes - markBytes) {
    const found = (await window.view(at, windowBytes)).indexOf(mark)
    if (found >= 0) return at + found
  }
  return window.sizeBytes
}

/** A file through a buffer that moves along with the reader. */
class Window {
  readonly sizeBytes: number
  readonly #file: File
  readonly #buffer = Buffer.allocUnsafe(2 * windowBytes)
  #start = 0
  #filled = 0

  constructor(file: File, sizeBytes: number) {
    this.#file = file
    this.sizeBytes = sizeBytes
  }

  /** The bytes from `at`, fewer at the end of the file; valid until the next call. */
  async view(at: number, bytes: number): Promise<Buffer> {
    const wanted = Math.min(bytes, this.sizeBytes - at)
    if (at < this.#start || at + wanted > this.#start + this.#filled) {
      const into = wanted <= this.#buffer.length ? this.#buffer : Buffer.allocUnsafe(wanted)
      const filled = await this.#file.read(into, at)
      if (into !== this.#buffer) return into.subarray(0, filled)
      this.#start = at
      this.#filled = filled
    }
    const from = at - this.#start
    return this.#buffer.subarray(from, Math.min(from + wanted, this.#filled))
  }
}
