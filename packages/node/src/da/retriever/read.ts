import { assert } from '@heddle/protocol/base'
import {
  rangeBytes,
  type StripeRange,
  segmentStripes,
  segmentsOfRange,
  stripeRanges,
} from '@heddle/protocol/certificate'
import type { createBudget } from '../../network/index.ts'
import { rangeInvalid, readsBusy } from './errors.ts'
import { type Gathered, type GatherInput, gatherRows } from './gather.ts'
import { late } from './open-blob.ts'

export type ReadInput = Omit<GatherInput, 'segment' | 'needed' | 'except'> & {
  readonly fromByte: number
  /** Excluded. */
  readonly toByte: number
  /** Memory for the rows of all reads. */
  readonly memory: Budget
}

type Budget = ReturnType<typeof createBudget>

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
 * again once the next is asked for. Throws `da-range`, and `da-reads-busy` before the first.
 */
export async function* gatherRange(input: ReadInput): AsyncGenerator<GatheredSegment> {
  const { blob, fromByte, toByte } = input
  const { lengthBytes } = blob.certificate.parameters
  const isWithin = fromByte >= 0 && fromByte <= toByte && toByte <= lengthBytes
  if (!isWithin || !Number.isInteger(fromByte) || !Number.isInteger(toByte)) {
    throw rangeInvalid(fromByte, toByte, lengthBytes)
  }
  if (fromByte === toByte) return
  const { layout } = blob.open
  const { first, last } = segmentsOfRange(layout, fromByte, toByte)
  const rangesOf = (segment: number) => stripeRanges(layout, segment, fromByte, toByte)
  const sizes = Array.from({ length: last - first + 1 }, (_, at) => {
    return rowsOf(rangesOf(first + at)).size * segmentStripes(layout, first + at).count
  })
  const { segmentsAhead, leave } = await enter(input, Math.max(...sizes) * layout.pieceBytes)
  const stop = new AbortController()
  const signal = AbortSignal.any([input.signal, stop.signal])
  const ahead: Promise<GatheredSegment>[] = []
  const start = async (segment: number) => {
    const ranges = rangesOf(segment)
    const needed = rowsOf(ranges)
    return { ranges, gathered: await gatherRows({ ...input, segment, needed, signal }) }
  }
  try {
    let next = first
    while (next <= last || ahead.length > 0) {
      while (next <= last && ahead.length <= segmentsAhead) {
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
    leave()
  }
}

function rowsOf(ranges: readonly StripeRange[]): Set<number> {
  return new Set(ranges.flatMap(({ rows }) => rows))
}

/** Waits until there is memory for a segment, and takes more for those ahead where there is some. */
async function enter({ memory, options, deps, signal }: ReadInput, segmentBytes: number) {
  const { heldBytesMax, roomTimeoutMs, segmentsAhead } = options
  const disarm: (() => void)[] = []
  const patience = late(deps.timer, roomTimeoutMs, disarm)
  const taken: (() => void)[] = []
  try {
    taken.push(await memory.take(segmentBytes, AbortSignal.any([signal, patience])))
  } catch (error) {
    if (patience.aborted && !signal.aborted) throw readsBusy(roomTimeoutMs)
    throw error
  } finally {
    for (const each of disarm) each()
  }
  const more = segmentsAhead * segmentBytes
  const hasRoom = memory.inUse() + more <= heldBytesMax
  if (hasRoom) taken.push(memory.claim(more))
  const leave = () => {
    signal.removeEventListener('abort', leave)
    for (const giveBack of taken) giveBack()
  }
  // A reader that hangs up may never ask for the next segment.
  signal.addEventListener('abort', leave, { once: true })
  return { segmentsAhead: hasRoom ? segmentsAhead : 0, leave }
}
