import { assert } from '../base/index.ts'
import type { ErasureEngine } from '../erasure/index.ts'
import { layout as constants } from '../params/index.ts'
import type { BlobLayout } from './parameters.ts'
import { segmentStripes } from './verify-segment.ts'

/** A range within one stripe: which data rows it touches, and where it lies in the blob. */
export type StripeRange = {
  readonly stripe: number
  readonly fromByte: number
  /** Excluded. */
  readonly toByte: number
  readonly rows: readonly number[]
}

/** Checked pieces of one segment by row, in order of stripes. */
export type SegmentPieces = ReadonlyMap<number, readonly Uint8Array[]>

/** The segments that a range of bytes touches: first and last. */
export function segmentsOfRange(
  { k, pieceBytes }: BlobLayout,
  fromByte: number,
  toByte: number,
): { readonly first: number; readonly last: number } {
  const segmentBytes = k * pieceBytes * constants.segmentStripes
  return {
    first: Math.floor(fromByte / segmentBytes),
    last: Math.floor((toByte - 1) / segmentBytes),
  }
}

/** What of a range lies in each stripe of a segment. */
export function stripeRanges(
  layout: BlobLayout,
  segment: number,
  fromByte: number,
  toByte: number,
): StripeRange[] {
  const { k, pieceBytes } = layout
  const stripeBytes = k * pieceBytes
  const { fromStripe, count } = segmentStripes(layout, segment)
  const ranges: StripeRange[] = []
  for (let stripe = fromStripe; stripe < fromStripe + count; stripe++) {
    const from = Math.max(fromByte, stripe * stripeBytes)
    const to = Math.min(toByte, (stripe + 1) * stripeBytes)
    if (from >= to) continue
    const first = Math.floor((from - stripe * stripeBytes) / pieceBytes)
    const end = Math.ceil((to - stripe * stripeBytes) / pieceBytes)
    const rows = Array.from({ length: end - first }, (_, at) => first + at)
    ranges.push({ stripe, fromByte: from, toByte: to, rows })
  }
  return ranges
}

/** A copy of the bytes of one stripe's range; data rows that are not there are decoded from k others. */
export function rangeBytes(
  erasure: ErasureEngine,
  layout: BlobLayout,
  { stripe, fromByte, toByte, rows }: StripeRange,
  gathered: SegmentPieces,
): Uint8Array {
  const { k, n, pieceBytes } = layout
  const place = stripe % constants.segmentStripes
  const missing = rows.filter((row) => !gathered.has(row))
  const decoded = new Uint8Array(missing.length * pieceBytes)
  if (missing.length > 0) {
    const known = stripePieces(gathered, place).slice(0, k)
    erasure.decode({ k, n, pieceBytes }, known, missing, decoded)
  }
  const out = new Uint8Array(toByte - fromByte)
  for (const row of rows) {
    const at = missing.indexOf(row)
    const piece =
      at < 0
        ? (gathered.get(row)?.[place] ?? decoded)
        : decoded.subarray(at * pieceBytes, (at + 1) * pieceBytes)
    const startByte = stripe * k * pieceBytes + row * pieceBytes
    const from = Math.max(0, fromByte - startByte)
    const to = Math.min(pieceBytes, toByte - startByte)
    out.set(piece.subarray(from, to), startByte + from - fromByte)
  }
  return out
}

/** The pieces of one stripe of a segment, by row. */
export function stripePieces(
  gathered: SegmentPieces,
  place: number,
): { index: number; piece: Uint8Array }[] {
  return [...gathered].map(([index, pieces]) => {
    const piece = pieces[place]
    assert(piece !== undefined, 'a gathered row has all stripes of its segment')
    return { index, piece }
  })
}
