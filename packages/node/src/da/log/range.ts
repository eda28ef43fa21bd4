import { HeddleError } from '@heddle/protocol/base'
import {
  type Certificate,
  certificateFromJson,
  certificateToJson,
  decodeCertificate,
  encodeCertificate,
} from '@heddle/protocol/certificate'
import { rangeInvalid } from './errors.ts'

/** Slots of a process, and where their bytes are. Ends are excluded. */
export type CertifiedRange = {
  readonly fromSlot: number
  readonly toSlot: number
  readonly fromByte: number
  readonly toByte: number
  readonly certificate: Certificate
}

export type CertifiedRangeJson = Omit<CertifiedRange, 'certificate'> & {
  readonly certificate: ReturnType<typeof certificateToJson>
}

/** version, two slots, two bytes. */
const headBytes = 1 + 6 + 6 + 4 + 4
const version = 1
/** A range with a certificate of 100 members has some 260 bytes. */
export const rangeBytesMax = 4096

/** The record of a range; layout in the README. */
export function encodeRange({ certificate, ...range }: CertifiedRange): Uint8Array {
  const compact = encodeCertificate(certificate)
  const bytes = Buffer.alloc(headBytes + compact.length)
  bytes.writeUInt8(version, 0)
  bytes.writeUIntLE(range.fromSlot, 1, 6)
  bytes.writeUIntLE(range.toSlot, 7, 6)
  bytes.writeUInt32LE(range.fromByte, 13)
  bytes.writeUInt32LE(range.toByte, 17)
  bytes.set(compact, headBytes)
  return bytes
}

/** Throws `certified-range-invalid`, or what a certificate's bytes are refused with. */
export function decodeRange(given: Uint8Array): CertifiedRange {
  if (given.length <= headBytes || given.length > rangeBytesMax) {
    throw rangeInvalid(`it has ${given.length} bytes`)
  }
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length)
  if (bytes.readUInt8(0) !== version) throw rangeInvalid(`version ${bytes.readUInt8(0)} is unknown`)
  return checkRange({
    fromSlot: bytes.readUIntLE(1, 6),
    toSlot: bytes.readUIntLE(7, 6),
    fromByte: bytes.readUInt32LE(13),
    toByte: bytes.readUInt32LE(17),
    certificate: decodeCertificate(given.subarray(headBytes)),
  })
}

export function rangeToJson({ certificate, ...range }: CertifiedRange): CertifiedRangeJson {
  return { ...range, certificate: certificateToJson(certificate) }
}

/** Throws `certified-range-invalid`, or what a certificate's JSON is refused with. */
function rangeFromJson(json: unknown): CertifiedRange {
  if (typeof json !== 'object' || json === null) throw rangeInvalid('it is no object')
  const fields = json as Readonly<Record<string, unknown>>
  const number = (name: string): number => {
    const value = fields[name]
    if (Number.isSafeInteger(value)) return Number(value)
    throw rangeInvalid(`${name} is no whole number`)
  }
  return checkRange({
    fromSlot: number('fromSlot'),
    toSlot: number('toSlot'),
    fromByte: number('fromByte'),
    toByte: number('toByte'),
    certificate: certificateFromJson(fields.certificate),
  })
}

/** Ranges of what `GET /su/availability/:process` answers. */
export function rangesFromJson(json: unknown): CertifiedRange[] {
  const ranges = (json as { readonly ranges?: unknown } | null)?.ranges
  if (!Array.isArray(ranges)) {
    const text = 'no ranges in it: give what GET /su/availability/PROCESS answers'
    throw new HeddleError('certified-range-invalid', 'invalid', text)
  }
  return ranges.map(rangeFromJson)
}

function checkRange(range: CertifiedRange): CertifiedRange {
  const { fromSlot, toSlot, fromByte, toByte, certificate } = range
  if (fromSlot < 0 || toSlot <= fromSlot) throw rangeInvalid(`slots ${fromSlot} to ${toSlot}`)
  if (fromByte < 0 || toByte <= fromByte || toByte > certificate.parameters.lengthBytes) {
    throw rangeInvalid(`bytes ${fromByte} to ${toByte}`)
  }
  return range
}
