import { assert } from '@heddle/protocol/base'
import {
  rangeBytes,
  type StripeRange,
  segmentsOfRange,
  stripeRanges,
} from '@heddle/protocol/certificate'
import { rangeInvalid } from './errors.ts'
import { type Gathered, type GatherInput, gatherRows } from './gather.ts'

export type ReadInput = Omit<GatherInput, 'segment' | 'needed' | 'except'> & {
  readonly fromByte: number
  /** Excluded. */
  readonly toByte: number
}

type GatheredSegment = { readonly ranges: readonly StripeRange[]; readonly gathered: Gathered }

/** Bytes of a range, stripe by stripe, while the next segment is fetched. */
export async function* readRange(input: ReadInput): AsyncGenerator<Uint8Array> {
  const { engine, open } = input.blob
  for await (const { ranges, gathered } of gatherRange(input)) {
    for (const range of ranges) {
      yield rangeBytes(engine.erasure, open.layout, range, gathered.rows)
    }
  }
}

/**
 * The segments of a range, one after another, while the next is fetched. Only rows that the range touches
 * are asked for, by whole segments of 16 stripes, which is what can be checked. A segment's memory is used
 * again once the next is asked for.
 */
export async function* gatherRange(input: ReadInput): AsyncGenerator<GatheredSegment> {
  const { blob, fromByte, toByte, options } = input
  const { lengthBytes } = blob.certificate.parameters
  const isWithin = fromByte >= 0 && fromByte <= toByte && toByte <= lengthBytes
  if (!isWithin || !Number.isInteger(fromByte) || !Number.isInteger(toByte)) {
    throw rangeInvalid(fromByte, toByte, lengthBytes)
  }
  if (fromByte === toByte) return
  const { layout } = blob.open
  const { first, last } = segmentsOfRange(layout, fromByte, toByte)
  const stop = new AbortController()
  const signal = AbortSignal.any([input.signal, stop.signal])
  const ahead: Promise<GatheredSegment>[] = []
  const start = async (segment: number) => {
    const ranges = stripeRanges(layout, segment, fromByte, toByte)
    const needed = new Set(ranges.flatMap(({ rows }) => rows))
    return { ranges, gathered: await gatherRows({ ...input, segment, needed, signal }) }
  }
  try {
    let next = first
    while (next <= last || ahead.length > 0) {
      while (next <= last && ahead.length <= options.segmentsAhead) {
        const gathering = start(next++)
        // It may fail while an earlier one is still being read.
        gathering.catch(() => undefined)
        ahead.push(gathering)
      }
      const segment = await ahead.shift()
      assert(segment !== undefined, 'a segment is under way')
      yield segment
      segment.gathered.release()
    }
  } finally {
    stop.abort(new Error('the reader left'))
  }
}
