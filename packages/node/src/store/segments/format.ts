import { crc32 } from 'node:zlib'

/**
 * A segment file is a head and records one after another. All numbers are little-endian.
 *
 *     head    "HEDDLEST" 8 | mark 8 | CRC-32 of these 4
 *     record  mark 8 | kind 1, zero 3 | meta bytes 4 | body bytes 4 | CRC-32 of body 4
 *             | CRC-32 of all before and of meta 4 | meta | body
 *
 * The mark is chance drawn for the segment: bytes that a user sends cannot pass for a record when a
 * scan looks for the next one behind a damaged place. A chunk's body has no CRC: its SHA-256 is in
 * the meta, which is stronger and known anyway, and after it the BLAKE3, which is faster to check.
 */
export const segmentHeadBytes = 20
export const recordHeadBytes = 28
export const markBytes = 8

/** Bounds a scan believes before it allocates. */
export const metaBytesMax = 64
const bodyBytesMax = 2 * 1024 * 1024

const magic = Buffer.from('HEDDLEST')
const namePattern = /^(\d{8})\.segment$/

/** Kinds of records as written; they never change their number. */
const recordKinds = { chunk: 1, places: 2, hold: 3, release: 4, forget: 5 } as const
export type RecordKind = keyof typeof recordKinds

/** A record as bytes, before a segment gives it its mark. */
export type RawRecord = {
  readonly kind: RecordKind
  readonly meta: Uint8Array
  readonly body: Uint8Array
}

export type RecordHead = {
  readonly kind: RecordKind
  readonly meta: Uint8Array
  readonly bodyBytes: number
  readonly bodyCrc: number
}

export function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.segment`
}

/** The number in a segment file's name, or undefined for other files. */
export function segmentNumber(name: string): number | undefined {
  const digits = namePattern.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

export function encodeSegmentHead(mark: Uint8Array): Buffer {
  const head = Buffer.alloc(segmentHeadBytes)
  head.set(magic, 0)
  head.set(mark, magic.length)
  head.writeUInt32LE(crc32(head.subarray(0, 16)), 16)
  return head
}

/** The segment's mark, or undefined where its head is damaged or never got whole. */
export function readSegmentHead(bytes: Buffer): Buffer | undefined {
  if (bytes.length < segmentHeadBytes) return undefined
  if (!bytes.subarray(0, magic.length).equals(magic)) return undefined
  if (crc32(bytes.subarray(0, 16)) !== bytes.readUInt32LE(16)) return undefined
  // Copied: who scans a file reads on into the memory of its head.
  return Buffer.from(bytes.subarray(8, 16))
}

export function recordBytes({ meta, body }: RawRecord): number {
  return recordHeadBytes + meta.length + body.length
}

/** Head and meta of a record; its body follows as it is. */
export function encodeRecordHead({ kind, meta, body }: RawRecord, mark: Uint8Array): Buffer {
  const head = Buffer.alloc(recordHeadBytes + meta.length)
  head.set(mark, 0)
  head[8] = recordKinds[kind]
  head.writeUInt32LE(meta.length, 12)
  head.writeUInt32LE(body.length, 16)
  head.writeUInt32LE(kind === 'chunk' ? 0 : crc32(body), 20)
  head.set(meta, recordHeadBytes)
  head.writeUInt32LE(headCrc(head, meta.length), 24)
  return head
}

/** Reads the head and meta at `at`. Undefined where there is none, or not all of it in `bytes`. */
export function readRecordHead(bytes: Buffer, at: number, mark: Buffer): RecordHead | undefined {
  if (bytes.length - at < recordHeadBytes) return undefined
  if (!bytes.subarray(at, at + markBytes).equals(mark)) return undefined
  const kind = kindOf(bytes[at + 8])
  const metaBytes = bytes.readUInt32LE(at + 12)
  const bodyBytes = bytes.readUInt32LE(at + 16)
  if (kind === undefined || metaBytes > metaBytesMax || bodyBytes > bodyBytesMax) return undefined
  const head = bytes.subarray(at, at + recordHeadBytes + metaBytes)
  if (head.length < recordHeadBytes + metaBytes) return undefined
  if (headCrc(head, metaBytes) !== head.readUInt32LE(24)) return undefined
  const meta = new Uint8Array(head.subarray(recordHeadBytes))
  return { kind, meta, bodyBytes, bodyCrc: head.readUInt32LE(20) }
}

function headCrc(head: Buffer, metaBytes: number): number {
  const meta = head.subarray(recordHeadBytes, recordHeadBytes + metaBytes)
  return crc32(meta, crc32(head.subarray(0, 24)))
}

function kindOf(number: number | undefined): RecordKind | undefined {
  switch (number) {
    case recordKinds.chunk:
      return 'chunk'
    case recordKinds.places:
      return 'places'
    case recordKinds.hold:
      return 'hold'
    case recordKinds.release:
      return 'release'
    case recordKinds.forget:
      return 'forget'
    default:
      return undefined
  }
}
