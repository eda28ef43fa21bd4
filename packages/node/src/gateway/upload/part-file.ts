import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Disk, File } from '../../runtime/index.ts'
import { uploadIncomplete, uploadScattered } from '../errors.ts'

/** Bytes from `from` up to, without, `to`. */
type Range = { readonly from: number; readonly to: number }

const readBytes = 1024 * 1024
/** u64le from, u64le to, and the CRC-32 of these. */
const rangeBytes = 20
/** Gaps between what came; more are made by nobody who sends parts of a useful size. */
const gapsDefault = 4096

export const dataSuffix = '.data'
export const rangesSuffix = '.ranges'

/**
 * One upload in the making: its bytes where they belong, and a list of the ranges that are durable,
 * to which each part adds its own once its bytes are.
 */
export class PartFile {
  readonly #data: File
  readonly #list: File
  readonly #gapsMax: number
  /** In order, joined where they touch. */
  #ranges: readonly Range[]
  #listBytes: number
  /** Entries of the list go out one after another. */
  #listing: Promise<void> = Promise.resolve()

  private constructor(
    files: { readonly data: File; readonly list: File },
    known: { readonly ranges: readonly Range[]; readonly listBytes: number },
    gapsMax: number,
  ) {
    this.#data = files.data
    this.#list = files.list
    this.#ranges = known.ranges
    this.#listBytes = known.listBytes
    this.#gapsMax = gapsMax
  }

  /** Opens one, new or as a restart found it. An entry that a crash cut off counts for nothing. */
  static async open(
    disk: Disk,
    folder: string,
    id: string,
    gapsMax = gapsDefault,
  ): Promise<PartFile> {
    const data = await disk.open(join(folder, id + dataSuffix))
    const list = await disk.open(join(folder, id + rangesSuffix))
    const bytes = Buffer.alloc(await list.sizeBytes())
    await list.read(bytes, 0)
    let ranges: Range[] = []
    let at = 0
    for (; at + rangeBytes <= bytes.length; at += rangeBytes) {
      const range = decodeRange(bytes.subarray(at, at + rangeBytes))
      if (range === undefined) break
      ranges = joinRange(ranges, range)
    }
    return new PartFile({ data, list }, { ranges, listBytes: at }, gapsMax)
  }

  /** Writes what comes from `offset` on. Nobody counts on it before `keep`. */
  async write(pieces: readonly Uint8Array[], offset: number): Promise<void> {
    await this.#data.write(pieces, offset)
  }

  /** Makes a range durable that was written. Throws `upload-scattered`. */
  async keep(id: string, range: Range): Promise<void> {
    await this.#data.sync()
    const listed = this.#listing.then(() => this.#addRange(id, range))
    this.#listing = listed.catch(() => {})
    await listed
  }

  /** Bytes of the upload if they are there without a gap. Throws `upload-incomplete`. */
  size(id: string): number {
    const [first, second] = this.#ranges
    if (first === undefined || first.from > 0) throw uploadIncomplete(id, 0)
    if (second !== undefined) throw uploadIncomplete(id, first.to)
    return first.to
  }

  /** Bytes from the start that are durable, without a gap. */
  get joinedBytes(): number {
    const [first] = this.#ranges
    return first?.from === 0 ? first.to : 0
  }

  /** All of it in order, as `follow` gives it. */
  read(id: string): AsyncGenerator<Uint8Array> {
    const sizeBytes = this.size(id)
    return this.follow(id, () => Promise.resolve(sizeBytes))
  }

  /**
   * Bytes in order, as far as `next` says: asked where those from a byte on end, it answers with that byte
   * where no more come. A part is the reader's only until it asks for the next.
   */
  async *follow(id: string, next: (from: number) => Promise<number>): AsyncGenerator<Uint8Array> {
    let end = await next(0)
    // Not filled before they are read into: one is read ahead while the other is made use of.
    const length = Math.min(readBytes, end)
    const memory = [Buffer.allocUnsafeSlow(length), Buffer.allocUnsafeSlow(length)] as const
    let fills = 0
    const fill = (at: number) => {
      const into = memory[fills++ % 2 === 0 ? 0 : 1].subarray(0, end - at)
      const filling = this.#data.read(into, at).then((got) => into.subarray(0, got))
      // Its error is met where it is awaited; the reader may leave before that.
      filling.catch(() => {})
      return filling
    }
    let at = 0
    let ahead = at < end ? fill(at) : undefined
    while (ahead !== undefined) {
      const part = await ahead
      if (part.length === 0) throw uploadIncomplete(id, at)
      at += part.length
      ahead = at < end ? fill(at) : undefined
      yield part
      if (ahead !== undefined) continue
      end = await next(at)
      ahead = at < end ? fill(at) : undefined
    }
  }

  async close(): Promise<void> {
    await this.#listing
    await Promise.all([this.#data.close(), this.#list.close()])
  }

  async #addRange(id: string, range: Range): Promise<void> {
    const ranges = joinRange(this.#ranges, range)
    if (ranges.length > this.#gapsMax + 1) throw uploadScattered(id, this.#gapsMax)
    await this.#list.writeDurably([encodeRange(range)], this.#listBytes)
    this.#listBytes += rangeBytes
    this.#ranges = ranges
  }
}

function encodeRange({ from, to }: Range): Buffer {
  const bytes = Buffer.alloc(rangeBytes)
  bytes.writeBigUInt64LE(BigInt(from), 0)
  bytes.writeBigUInt64LE(BigInt(to), 8)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 16)), 16)
  return bytes
}

function decodeRange(bytes: Buffer): Range | undefined {
  if (crc32(bytes.subarray(0, 16)) !== bytes.readUInt32LE(16)) return undefined
  const [from, to] = [Number(bytes.readBigUInt64LE(0)), Number(bytes.readBigUInt64LE(8))]
  return from < to ? { from, to } : undefined
}

function joinRange(ranges: readonly Range[], added: Range): Range[] {
  const joined: Range[] = []
  for (const { from, to } of [...ranges, added].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1)
    if (last === undefined || from > last.to) joined.push({ from, to })
    else joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, to) }
  }
  return joined
}
