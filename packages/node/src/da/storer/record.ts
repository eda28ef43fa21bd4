import { crc32 } from 'node:zlib'

/**
 * A record in a segment file: 60 bytes of head, then `bodyBytes` of body, little-endian.
 *
 *     0 magic 4 | 4 kind 1 | 5 zero 1 | 6 row 2 | 8 bodyBytes 4 | 12 bodyCrc 4 | 16 batchAt 4
 *     20 commitment 32 | 52 startCrc 4 | 56 CRC-32 of bytes 0 … 55
 *
 * `batchAt` is where the write that brought the record began: only the bodies of the last write
 * can be torn, so only these are read when a storer is opened. `startCrc` is of the body's first part
 * alone (of terms: all but z), which is read then; 0 in records of before.
 */
export type RecordHead = {
  readonly kind: number
  readonly row: number
  readonly bodyBytes: number
  readonly bodyCrc: number
  readonly batchAt: number
  readonly commitment: Uint8Array
  readonly startCrc: number
}

/** `rowAgain` comes for a row whose earlier record is damaged, and counts instead of it. */
export const recordKinds = { terms: 1, row: 2, rowAgain: 3 } as const

export const headBytes = 60
const magic = 0x31524448

/** A record that is to be appended. */
export type NewRecord = {
  readonly kind: number
  readonly row: number
  readonly commitment: Uint8Array
  readonly body: readonly Uint8Array[]
}

export function bodyLength({ body }: NewRecord): number {
  return body.reduce((sum, part) => sum + part.length, 0)
}

export function encodeHead(record: NewRecord, batchAt: number): Uint8Array {
  const bytes = new Uint8Array(headBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint8(4, record.kind)
  view.setUint16(6, record.row, true)
  view.setUint32(8, bodyLength(record), true)
  view.setUint32(12, crcOf(record.body), true)
  view.setUint32(16, batchAt, true)
  bytes.set(record.commitment, 20)
  view.setUint32(52, crcOf(record.body.slice(0, 1)), true)
  view.setUint32(56, crc32(bytes.subarray(0, 56)), true)
  return bytes
}

/** Undefined where the bytes are no head. */
export function decodeHead(bytes: Uint8Array): RecordHead | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < headBytes || view.getUint32(0, true) !== magic) return undefined
  if (view.getUint32(56, true) !== crc32(bytes.subarray(0, 56))) return undefined
  return {
    kind: view.getUint8(4),
    row: view.getUint16(6, true),
    bodyBytes: view.getUint32(8, true),
    bodyCrc: view.getUint32(12, true),
    batchAt: view.getUint32(16, true),
    commitment: bytes.slice(20, 52),
    startCrc: view.getUint32(52, true),
  }
}

export function crcOf(parts: readonly Uint8Array[]): number {
  let crc = 0
  for (const part of parts) crc = crc32(part, crc)
  return crc
}
