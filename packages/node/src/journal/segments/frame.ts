import { crc32 } from 'node:zlib'

/**
 * What one append call writes, as one piece of bytes (integers little-endian):
 *
 *     frame  = kind u8 · name length u16 · record count u32 · name · record…
 *     record = body length u32 · CRC-32 u32 · slot u48 · epoch u48 · body
 *
 * A claim is a frame of its own kind: no name, no records, then the epoch as u48.
 * The CRC covers slot, epoch and body and starts from the CRC of the log's name, so a record read
 * from a wrong place fails even where it is another valid record.
 */
export const frameHeadBytes = 7
export const recordHeadBytes = 20
const claimBytes = frameHeadBytes + 6
const appendKind = 1
const claimKind = 2

type Frame =
  | { readonly kind: 'claim'; readonly epoch: number; readonly end: number }
  | {
      readonly kind: 'append'
      readonly name: string
      /** Where the first record starts. */
      readonly recordsAt: number
      readonly count: number
    }

/** Bytes of an append's frame, before anything is allocated for it. */
export function frameBytes(nameBytes: number, records: readonly Uint8Array[]): number {
  let bytes = frameHeadBytes + nameBytes + records.length * recordHeadBytes
  for (const record of records) bytes += record.length
  return bytes
}

/** Encodes one append; copies the records. `seed` is the CRC-32 of `name`. */
export function encodeAppend(
  name: Uint8Array,
  seed: number,
  firstSlot: number,
  epoch: number,
  records: readonly Uint8Array[],
): Buffer {
  const frame = Buffer.allocUnsafe(frameBytes(name.length, records))
  frame.writeUInt8(appendKind, 0)
  frame.writeUInt16LE(name.length, 1)
  frame.writeUInt32LE(records.length, 3)
  frame.set(name, frameHeadBytes)
  let at = frameHeadBytes + name.length
  let slot = firstSlot
  for (const record of records) {
    const end = at + recordHeadBytes + record.length
    frame.writeUInt32LE(record.length, at)
    frame.writeUIntLE(slot, at + 8, 6)
    frame.writeUIntLE(epoch, at + 14, 6)
    frame.set(record, at + recordHeadBytes)
    frame.writeUInt32LE(crc32(frame.subarray(at + 8, end), seed), at + 4)
    at = end
    slot++
  }
  return frame
}

export function encodeClaim(epoch: number): Buffer {
  const frame = Buffer.alloc(claimBytes)
  frame.writeUInt8(claimKind, 0)
  frame.writeUIntLE(epoch, frameHeadBytes, 6)
  return frame
}

/** Reads a frame's head at `at`, or undefined where there is none that fits. */
export function readFrame(body: Buffer, at: number): Frame | undefined {
  if (at + frameHeadBytes > body.length) return undefined
  const kind = body.readUInt8(at)
  if (kind === claimKind) {
    if (at + claimBytes > body.length) return undefined
    return { kind: 'claim', epoch: body.readUIntLE(at + frameHeadBytes, 6), end: at + claimBytes }
  }
  const recordsAt = at + frameHeadBytes + body.readUInt16LE(at + 1)
  if (kind !== appendKind || recordsAt > body.length) return undefined
  const name = body.toString('utf8', at + frameHeadBytes, recordsAt)
  return { kind: 'append', name, recordsAt, count: body.readUInt32LE(at + 3) }
}

/** Length of the body of the record at `at`, or undefined where it does not fit. */
export function recordBodyBytes(bytes: Buffer, at: number): number | undefined {
  if (at + recordHeadBytes > bytes.length) return undefined
  const length = bytes.readUInt32LE(at)
  return at + recordHeadBytes + length > bytes.length ? undefined : length
}

export function recordSlot(bytes: Buffer, at: number): number {
  return bytes.readUIntLE(at + 8, 6)
}

export function recordEpoch(bytes: Buffer, at: number): number {
  return bytes.readUIntLE(at + 14, 6)
}

/** Tells whether the record at `at` is whole and is slot `slot` of the log with this `seed`. */
export function isRecord(bytes: Buffer, at: number, length: number, seed: number, slot: number) {
  if (recordBodyBytes(bytes, at) !== length) return false
  const crc = crc32(bytes.subarray(at + 8, at + recordHeadBytes + length), seed)
  return crc === bytes.readUInt32LE(at + 4) && recordSlot(bytes, at) === slot
}
