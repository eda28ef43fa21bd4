import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { LogEntry } from '@heddle/protocol/message'
import type { OrderedLog } from '../journal/index.ts'
import type { Disk, Timer } from '../runtime/index.ts'
import { deliveryKey } from './admission.ts'
import { EntryIndex, type IndexRow } from './entry-index.ts'
import { openIndexFile, removeIndexFile } from './index-schema.ts'
import type { SchedulerOptions } from './options.ts'
import { decodeRecord } from './record.ts'

/** Records read at once while catching up: with the largest items still a bounded piece of memory. */
const chunkRecords = 32

/** What a durable entry puts into the index. */
export function indexRow(entry: LogEntry, engine: CryptoEngine): IndexRow {
  const { assignment, message } = entry
  return {
    processId: assignment.processId,
    slot: assignment.slot,
    messageId: assignment.messageId,
    assignmentId: assignment.item.id,
    deliveryKey:
      message === undefined || assignment.slot === 0 ? undefined : deliveryKey(message, engine),
  }
}

/** Indexes the durable slots of a process that the index does not have yet. */
export async function catchUp(
  processId: string,
  journal: OrderedLog,
  index: EntryIndex,
  engine: CryptoEngine,
): Promise<void> {
  for (let from = index.head(processId); from < journal.head(processId); ) {
    const records = await journal.read(processId, from, chunkRecords)
    for (const record of records)
      index.add(indexRow(decodeRecord(processId, record, engine), engine))
    if (records.length === 0) return
    from += records.length
  }
}

/**
 * Opens the index and brings it level with the journal. An index that knows slots the journal does
 * not have was made beside another journal: it is dropped and built anew.
 */
export async function openIndex(
  parts: {
    readonly journal: OrderedLog
    readonly engine: CryptoEngine
    readonly disk: Disk
    readonly timer: Timer
  },
  options: SchedulerOptions,
): Promise<EntryIndex> {
  const { journal, engine, disk, timer } = parts
  const open = async () =>
    new EntryIndex(await openIndexFile(options.indexPath, disk), timer, options)
  let index = await open()
  try {
    if (isForeign(index, journal)) {
      index.close()
      await removeIndexFile(options.indexPath, disk)
      index = await open()
    }
    for (const processId of journal.logs()) await catchUp(processId, journal, index, engine)
    index.flush()
  } catch (error) {
    index.close()
    throw error
  }
  return index
}

function isForeign(index: EntryIndex, journal: OrderedLog): boolean {
  for (const { processId, slot } of index.heads()) {
    if (slot > journal.head(processId)) return true
  }
  return false
}
