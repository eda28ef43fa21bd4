import { crc32 } from 'node:zlib'

/**
 * A segment file (integers little-endian):
 *
 *     segment = segment head · group…
 *     head    = "HEDDLEJ1" · segment number u32 · first sequence u64 · salt 8 bytes · CRC-32 u32
 *     group   = group head · frame…
 *     head    = magic u32 · salt 8 bytes · sequence u64 · body length u32 · body CRC-32 u32 ·
 *               CRC-32 u32
 *
 * A group is what one write and one fdatasync make durable. The next group is written only after
 * that, so a power cut can damage the last group alone, wherever in it, and the pages of one write
 * may reach the disk in any order. Damage with a group behind it is therefore never a torn tail.
 * The salt is drawn for each segment: nobody who only sends records can forge a group head inside
 * one (SQLite's write-ahead log guards its frames in the same way).
 */
export const segmentHeadBytes = 32
export const groupHeadBytes = 32
export const saltBytes = 8
const segmentMagic = Buffer.from('HEDDLEJ1')
const groupMagic = 0x50524748

export type SegmentHead = {
  readonly number: number
  /** Sequence of the first group. */
  readonly sequence: number
  readonly salt: Uint8Array
}

export type GroupHead = {
  /** Groups of a journal are numbered from 1, across segments. */
  readonly sequence: number
  readonly bodyBytes: number
  readonly bodyCrc: number
}

export function encodeSegmentHead(head: SegmentHead): Buffer {
  const bytes = Buffer.alloc(segmentHeadBytes)
  segmentMagic.copy(bytes, 0)
  bytes.writeUInt32LE(head.number, 8)
  bytes.writeBigUInt64LE(BigInt(head.sequence), 12)
  bytes.set(head.salt, 20)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28)
  return bytes
}

/** The head of a segment file, or undefined where these bytes are none. */
export function readSegmentHead(bytes: Buffer): SegmentHead | undefined {
  if (bytes.length < segmentHeadBytes) return undefined
  if (!bytes.subarray(0, 8).equals(segmentMagic)) return undefined
  if (crc32(bytes.subarray(0, 28)) !== bytes.readUInt32LE(28)) return undefined
  const salt = new Uint8Array(bytes.subarray(20, 28))
  return { number: bytes.readUInt32LE(8), sequence: Number(bytes.readBigUInt64LE(12)), salt }
}

/** The bytes every group head of a segment starts with. */
export function groupMark(salt: Uint8Array): Buffer {
  const mark = Buffer.alloc(4 + saltBytes)
  mark.writeUInt32LE(groupMagic, 0)
  mark.set(salt, 4)
  return mark
}

export function encodeGroupHead(salt: Uint8Array, head: GroupHead): Buffer {
  const bytes = Buffer.alloc(groupHeadBytes)
  groupMark(salt).copy(bytes, 0)
  bytes.writeBigUInt64LE(BigInt(head.sequence), 12)
  bytes.writeUInt32LE(head.bodyBytes, 20)
  bytes.writeUInt32LE(head.bodyCrc, 24)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 28)), 28)
  return bytes
}

/** The group head at `at`, or undefined where there is none with this mark. */
export function readGroupHead(bytes: Buffer, at: number, mark: Buffer): GroupHead | undefined {
  if (at + groupHeadBytes > bytes.length) return undefined
  if (bytes.compare(mark, 0, mark.length, at, at + mark.length) !== 0) return undefined
  if (crc32(bytes.subarray(at, at + 28)) !== bytes.readUInt32LE(at + 28)) return undefined
  return {
    sequence: Number(bytes.readBigUInt64LE(at + 12)),
    bodyBytes: bytes.readUInt32LE(at + 20),
    bodyCrc: bytes.readUInt32LE(at + 24),
  }
}

/** CRC-32 over the frames of a group in order. */
export function framesCrc(frames: readonly Uint8Array[]): number {
  let crc = 0
  for (const frame of frames) crc = crc32(frame, crc)
  return crc
}

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.segment`
}

/** The number of a segment file's name, or undefined for any other name. */
export function segmentNumber(name: string): number | undefined {
  const match = /^(\d{8})\.segment$/.exec(name)
  return match === null ? undefined : Number(match[1])
}
