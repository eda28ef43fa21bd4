import { isHeddleError } from '@heddle/protocol/base'
import { readFailed, recordCorrupt } from '../errors.ts'
import type { LogRecord } from '../ports.ts'
import { isRecord, recordEpoch, recordHeadBytes } from './frame.ts'
import type { LogIndex } from './log-index.ts'
import type { SegmentReaders } from './readers.ts'

/** Neighbours are fetched in one read up to this size… */
const spanBytes = 1024 * 1024
/** …where no more than this lies between them. */
const gapBytes = 16 * 1024

type Span = { readonly until: number; readonly start: number; readonly end: number }

/** Slots from `from` that one read of their segment fetches, ending before `to`. */
function spanFrom(log: LogIndex, from: number, to: number): Span {
  const segment = log.segmentOf(from)
  const start = log.offsetOf(from)
  let end = start + recordHeadBytes + log.lengthOf(from)
  let until = from + 1
  for (; until < to && log.segmentOf(until) === segment; until++) {
    const offset = log.offsetOf(until)
    const nextEnd = offset + recordHeadBytes + log.lengthOf(until)
    if (offset - end > gapBytes || nextEnd - start > spanBytes) break
    end = nextEnd
  }
  return { until, start, end }
}

/** The slot before which a read of at most `limit` records and `readBytes` ends. */
function readEnd(log: LogIndex, from: number, limit: number, readBytes: number): number {
  const last = Math.min(log.count, from + limit)
  let bytes = 0
  for (let slot = from; slot < last; slot++) {
    bytes += log.lengthOf(slot)
    if (bytes > readBytes && slot > from) return slot
  }
  return last
}

async function fill(readers: SegmentReaders, segment: number, into: Buffer, position: number) {
  try {
    return await readers.use(segment, (file) => file.read(into, position))
  } catch (error) {
    throw isHeddleError(error) ? error : readFailed(readers.path(segment), error)
  }
}

/** Durable records from `from`, each checked against its CRC and copied out. */
export async function readRecords(
  log: LogIndex,
  readers: SegmentReaders,
  from: number,
  limit: number,
  readBytes: number,
): Promise<LogRecord[]> {
  const to = readEnd(log, from, limit, readBytes)
  const records: LogRecord[] = []
  for (let slot = from; slot < to; ) {
    const span = spanFrom(log, slot, to)
    const segment = log.segmentOf(slot)
    const bytes = Buffer.allocUnsafe(span.end - span.start)
    const filled = await fill(readers, segment, bytes, span.start)
    for (; slot < span.until; slot++) {
      const at = log.offsetOf(slot) - span.start
      const length = log.lengthOf(slot)
      if (!isRecord(bytes.subarray(0, filled), at, length, log.seed, slot)) {
        throw recordCorrupt(log.name, slot, readers.path(segment), log.offsetOf(slot))
      }
      const bodyAt = at + recordHeadBytes
      const body = new Uint8Array(bytes.subarray(bodyAt, bodyAt + length))
      records.push({ slot, epoch: recordEpoch(bytes, at), bytes: body })
    }
  }
  return records
}
