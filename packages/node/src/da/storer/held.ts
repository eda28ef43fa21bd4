import { concatBytes } from '@heddle/protocol/base'
import { type BlobLayout, layoutOf } from '@heddle/protocol/certificate'
import { digestBytes } from '@heddle/protocol/merkle'
import { permanent } from '@heddle/protocol/params'
import { Cursor, u16 } from '../wire/cursor.ts'
import {
  type BlobHeader,
  type HeaderFields,
  headerFields,
  readHeaderFields,
  zBytes,
} from '../wire/header.ts'
import { crcOf, type NewRecord, type RecordHead, recordKinds } from './record.ts'
import type { Place } from './segment-file.ts'

/** What a storer keeps of one blob on the terms of one epoch. */
export type Held = {
  readonly fields: HeaderFields
  readonly layout: BlobLayout
  /** The rows the draw gave to this storer; it signs when it holds all. */
  readonly assigned: readonly number[]
  /** Where z lies, behind the terms. */
  readonly terms: Place
  /** Terms that came later: they asked for longer, or came for some that are damaged. */
  readonly extensions: Place[]
  readonly rows: Map<number, Place>
  /** Seconds since 1970; grows where a later request asks for longer. */
  keptUntilSeconds: number
  /** When it is let go if rows are still missing then. */
  readonly incompleteUntilSeconds: number
}

export function isComplete({ assigned, rows }: Held): boolean {
  return assigned.every((row) => rows.has(row))
}

/** The later of two expiries. */
export function laterExpiry(a: number, b: number): number {
  return a === permanent || b === permanent ? permanent : Math.max(a, b)
}

/** Terms as a record: header fields, assigned rows, z. */
export function termsRecord(header: BlobHeader, assigned: readonly number[]): NewRecord {
  const { commitment, fingerprints } = header.committed
  const start = [headerFields(header), u16(assigned.length), ...assigned.map(u16)]
  const body = [concatBytes(start), fingerprints]
  return { kind: recordKinds.terms, row: 0, commitment, body }
}

/** Bytes of a terms record before z, for so many assigned rows. */
function termsBytes(assigned: number): number {
  return 32 + 14 + 32 + 32 + 16 + 2 + 2 * assigned
}

/** The longest beginning of a terms record. */
const termsBytesMax = termsBytes(256)

/** Reads the beginning of a terms record where it lies; undefined where it is not what was written. */
export async function readTerms(
  { startCrc }: Pick<RecordHead, 'startCrc'>,
  place: Place,
): Promise<{ readonly fields: HeaderFields; readonly assigned: readonly number[] } | undefined> {
  if (place.bytes < termsBytes(0)) return undefined
  const bytes = new Uint8Array(Math.min(place.bytes, termsBytesMax))
  await place.segment.read(place, 0, bytes)
  const count = new DataView(bytes.buffer).getUint16(termsBytes(0) - 2, true)
  const start = bytes.subarray(0, termsBytes(count))
  const isWhole = startCrc === 0 ? await place.segment.isWhole(place) : crcOf([start]) === startCrc
  if (!isWhole) return undefined
  const cursor = new Cursor(start)
  const fields = readHeaderFields(cursor)
  return { fields, assigned: Array.from({ length: cursor.u16() }, () => cursor.u16()) }
}

/** The fingerprints, from whichever of the terms is still what was written. */
export async function readFingerprints({
  fields,
  terms,
  extensions,
}: Held): Promise<Uint8Array | undefined> {
  for (const place of [terms, ...extensions]) {
    const body = await place.segment.readWhole(place)
    if (body !== undefined) return body.subarray(body.length - zBytes(fields.parameters))
  }
  return undefined
}

/** A row as a record: length of path, path, leaf digests, pieces. */
export function rowRecord(
  commitment: Uint8Array,
  row: number,
  path: Uint8Array,
  leaves: Uint8Array,
  pieces: readonly Uint8Array[],
  kind: typeof recordKinds.row | typeof recordKinds.rowAgain,
): NewRecord {
  const body = [u16(path.length), path, leaves, ...pieces]
  return { kind, row, commitment, body }
}

/** Reads parts of a row where it lies. */
export async function readRowParts(
  { layout, rows }: Held,
  row: number,
  fromStripe: number,
  count: number,
): Promise<{ path: Uint8Array; leaves: Uint8Array; pieces: Uint8Array } | undefined> {
  const place = rows.get(row)
  if (place === undefined) return undefined
  const leavesBytes = layout.stripes * digestBytes
  const rowBytes = layout.stripes * layout.pieceBytes
  const start = unfilled(place.bytes - rowBytes)
  await place.segment.read(place, 0, start)
  const pathBytes = start.length - 2 - leavesBytes
  const pieces = unfilled(count * layout.pieceBytes)
  await place.segment.read(place, start.length + fromStripe * layout.pieceBytes, pieces)
  return { path: start.subarray(2, 2 + pathBytes), leaves: start.subarray(2 + pathBytes), pieces }
}

/** Memory about to be filled from a file: zeroing it first would cost as much as a copy. */
function unfilled(bytes: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(bytes)
  return new Uint8Array(buffer, byteOffset, bytes)
}

export function heldOf(
  fields: HeaderFields,
  assigned: readonly number[],
  terms: Place,
  incompleteUntilSeconds: number,
): Held {
  return {
    fields,
    layout: layoutOf(fields.parameters),
    assigned,
    terms,
    extensions: [],
    rows: new Map(),
    keptUntilSeconds: fields.expiresAtSeconds,
    incompleteUntilSeconds,
  }
}
