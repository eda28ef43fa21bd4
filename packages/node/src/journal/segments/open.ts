import { dirname, join } from 'node:path'
import { isHeddleError } from '@heddle/protocol/base'
import type { File, Runtime } from '../../runtime/index.ts'
import { diskError, journalCorrupt } from '../errors.ts'
import { type JournalOptions, journalOptions } from '../options.ts'
import type { OrderedLog } from '../ports.ts'
import {
  groupHeadBytes,
  readSegmentHead,
  type SegmentHead,
  segmentHeadBytes,
  segmentName,
  segmentNumber,
} from './format.ts'
import { readFrame } from './frame.ts'
import { SegmentJournal } from './journal.ts'
import { LogIndex } from './log-index.ts'
import { SegmentReaders } from './readers.ts'
import { type Scan, scanSegment } from './scan.ts'
import { emptyState, SegmentWriter, type WriterState } from './writer.ts'

type Recovery = { readonly logs: Map<string, LogIndex>; epoch: number }

/**
 * Opens the journal in `folder`, creating it where absent. A torn tail, which was never
 * acknowledged, is cut off and told to `options.onRepair`. Rejects with `journal-corrupt`
 * (internal) where durable data is damaged, `disk-full` or `disk-failed` (unavailable),
 * `journal-options-invalid` (invalid).
 * One process at a time may have a folder open; keeping others out is the caller's part.
 */
export async function openJournal(
  folder: string,
  runtime: Pick<Runtime, 'disk' | 'random'>,
  options: Partial<JournalOptions> = {},
): Promise<OrderedLog> {
  const checked = journalOptions(options)
  const { disk } = runtime
  try {
    await disk.makeFolder(folder)
    await disk.syncFolder(dirname(folder))
    const recovery: Recovery = { logs: new Map(), epoch: 0 }
    const state = await recover(folder, runtime, checked, recovery)
    const writer = new SegmentWriter(runtime, folder, checked.segmentBytes, state)
    await writer.prepare()
    const readers = new SegmentReaders(disk, folder, checked.openSegments)
    return new SegmentJournal(recovery.logs, recovery.epoch, writer, readers, checked)
  } catch (error) {
    throw isHeddleError(error) ? error : diskError(folder, error)
  }
}

/** Reads all segments into `recovery`; returns where the journal goes on. */
async function recover(
  folder: string,
  runtime: Pick<Runtime, 'disk'>,
  options: JournalOptions,
  recovery: Recovery,
): Promise<WriterState> {
  let state = emptyState()
  const numbers = (await runtime.disk.list(folder)).map(segmentNumber).filter(isNumber)
  for (const number of numbers) {
    const path = join(folder, segmentName(number))
    if (number !== state.segment + 1) {
      throw journalCorrupt(path, 0, `segment ${state.segment + 1} is missing before it`)
    }
    const file = await runtime.disk.open(path)
    try {
      const isLast = number === numbers.at(-1)
      const head = await readHead(file, path, number, state.sequence)
      if (head === undefined) {
        // Its head was being written: nothing can be behind it. The writer makes it anew.
        if (isLast && (await file.sizeBytes()) <= segmentHeadBytes) return state
        throw journalCorrupt(path, 0, 'the head of the segment is not whole')
      }
      const scan = await scanSegment(file, path, head, (body, offset) => {
        indexGroup(recovery, body, number, offset, path)
      })
      checkTail(scan, path, isLast, options)
      const { end, sequence, lastGroup, isSealed } = scan
      const isClosed = !isLast
      state = { segment: number, isClosed, salt: head.salt, end, sequence, lastGroup, isSealed }
    } finally {
      await file.close()
    }
  }
  return state
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined
}

async function readHead(
  file: File,
  path: string,
  number: number,
  sequence: number,
): Promise<SegmentHead | undefined> {
  const bytes = Buffer.alloc(segmentHeadBytes)
  const filled = await file.read(bytes, 0)
  const head = readSegmentHead(bytes.subarray(0, filled))
  if (head !== undefined && (head.number !== number || head.sequence !== sequence)) {
    const found = `segment ${head.number} with group ${head.sequence}`
    throw journalCorrupt(path, 0, `${found} stands where ${number} with ${sequence} belongs`)
  }
  return head
}

function checkTail(scan: Scan, path: string, isLast: boolean, options: JournalOptions): void {
  const droppedBytes = scan.sizeBytes - scan.end
  if (droppedBytes === 0) return
  // A segment is begun only after the one before is durable to its end.
  if (!isLast) throw journalCorrupt(path, scan.end, 'a checksum fails, but a later segment exists')
  options.onRepair({ path, offset: scan.end, droppedBytes })
}

/** Adds a group's records and claims to the index. */
function indexGroup(
  recovery: Recovery,
  body: Buffer,
  segment: number,
  offset: number,
  path: string,
): void {
  let at = 0
  while (at < body.length) {
    const frame = readFrame(body, at)
    let end: number | undefined
    if (frame?.kind === 'claim') {
      recovery.epoch = Math.max(recovery.epoch, frame.epoch)
      end = frame.end
    } else if (frame !== undefined) {
      const log = recovery.logs.get(frame.name) ?? new LogIndex(frame.name)
      end = log.add(body, frame.recordsAt, frame.count, segment, offset)
      recovery.logs.set(frame.name, log)
    }
    if (end === undefined) {
      const group = offset - groupHeadBytes
      throw journalCorrupt(path, group, `the group holds what this version never wrote at ${at}`)
    }
    at = end
  }
}
