import { assert } from '@heddle/protocol/base'
import { segmentStripes } from '@heddle/protocol/certificate'
import { layout as constants } from '@heddle/protocol/params'
import { rangeInvalid } from './errors.ts'
import type { Gathered, GatherInput, SegmentRows } from './gather.ts'
import { gatherRows } from './gather.ts'
import type { OpenBlob } from './open-blob.ts'

export type ReadInput = Omit<GatherInput, 'segment' | 'needed' | 'except'> & {
  readonly fromByte: number
  /** Excluded. */
  readonly toByte: number
}

/** A range within one stripe: which rows it touches, and where it lies in the blob. */
type StripeRange = {
  readonly stripe: number
  readonly fromByte: number
  readonly toByte: number
  readonly rows: readonly number[]
}

/**
 * Bytes of a range, stripe by stripe, while the next segment is fetched. Only rows that the range touches
 * are asked for, by whole segments of 16 stripes, which is what can be checked.
 */
export async function* readRange(input: ReadInput): AsyncGenerator<Uint8Array> {
  const { blob, fromByte, toByte, options } = input
  const { lengthBytes } = blob.certificate.parameters
  const isWithin = fromByte >= 0 && fromByte <= toByte && toByte <= lengthBytes
  if (!isWithin || !Number.isInteger(fromByte) || !Number.isInteger(toByte)) {
    throw rangeInvalid(fromByte, toByte, lengthBytes)
  }
  if (fromByte === toByte) return
  const { k, pieceBytes } = blob.open.layout
  const segmentBytes = k * pieceBytes * constants.segmentStripes
  const last = Math.floor((toByte - 1) / segmentBytes)
  const stop = new AbortController()
  const signal = AbortSignal.any([input.signal, stop.signal])
  const ahead: Promise<{ ranges: StripeRange[]; gathered: Gathered }>[] = []
  const start = async (segment: number) => {
    const ranges = rangesOf(blob, segment, fromByte, toByte)
    const needed = new Set(ranges.flatMap(({ rows }) => rows))
    return { ranges, gathered: await gatherRows({ ...input, segment, needed, signal }) }
  }
  try {
    let next = Math.floor(fromByte / segmentBytes)
    while (next <= last || ahead.length > 0) {
      while (next <= last && ahead.length <= options.segmentsAhead) {
        const gathering = start(next++)
        // It may fail while an earlier one is still being read.
        gathering.catch(() => undefined)
        ahead.push(gathering)
      }
      const first = await ahead.shift()
      assert(first !== undefined, 'a segment is under way')
      const { rows, release } = first.gathered
      for (const range of first.ranges) yield bytesOf(blob, range, rows)
      // What was given are copies.
      release()
    }
  } finally {
    stop.abort(new Error('the reader left'))
  }
}

/** What of the range lies in each stripe of a segment. */
function rangesOf(
  { open: { layout } }: OpenBlob,
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

/** The bytes of one stripe's range; data rows that are not there are decoded. */
function bytesOf(blob: OpenBlob, range: StripeRange, gathered: SegmentRows): Uint8Array {
  const { stripe, fromByte, toByte, rows } = range
  const { layout } = blob.open
  const { k, n, pieceBytes } = layout
  const place = stripe % constants.segmentStripes
  const missing = rows.filter((row) => !gathered.has(row))
  const decoded = new Uint8Array(missing.length * pieceBytes)
  if (missing.length > 0) {
    const known = piecesAt(gathered, place).slice(0, k)
    blob.engine.erasure.decode({ k, n, pieceBytes }, known, missing, decoded)
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

/** The pieces of one stripe, by row. */
export function piecesAt(
  gathered: SegmentRows,
  place: number,
): { index: number; piece: Uint8Array }[] {
  return [...gathered].map(([index, pieces]) => {
    const piece = pieces[place]
    assert(piece !== undefined, 'a gathered row has all stripes of its segment')
    return { index, piece }
  })
}
