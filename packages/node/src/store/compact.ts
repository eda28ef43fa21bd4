import type { ChunkBytes } from './chunk-bytes.ts'
import type { DataLocks } from './data-locks.ts'
import {
  type ChunkPlace,
  type DataKey,
  decodeRecord,
  encodeForget,
  encodeHold,
  encodePlaces,
  encodeRelease,
  type StoreRecord,
} from './record.ts'
import type { RawRecord } from './segments/format.ts'
import { type ScannedRecord, scanSegment } from './segments/scan.ts'
import type { StoreIndex } from './store-index.ts'

export type CompactParts = {
  readonly index: StoreIndex
  readonly chunks: ChunkBytes
  readonly locks: DataLocks
  isClosing(): boolean
}

/**
 * Appends again what the index still needs of a segment, and makes it durable. False, with nothing
 * lost, where a record that is needed does not read back, or the store is closing.
 *
 * What is appended is the state of now, not the old record: a hold that was prolonged since must not
 * come back in its old form. It is looked up and appended under the data set's lock, so nothing
 * can come in between.
 */
export async function moveRecords(parts: CompactParts, segment: number): Promise<boolean> {
  const { index, chunks, isClosing } = parts
  const { generation } = chunks.writer
  const isWhole = await chunks.readers.use(segment, async (file) => {
    for await (const found of scanSegment(file)) {
      if (isClosing() || (found.isDamaged && !found.isTail)) return false
      if (!found.isDamaged) await moveRecord(parts, segment, found)
    }
    return true
  })
  if (!isWhole) return false
  await chunks.writer.flush()
  return chunks.writer.generation === generation && !isNeeded(index, segment)
}

async function moveRecord(parts: CompactParts, segment: number, found: ScannedRecord) {
  const { head, body, offset } = found
  const raw = { kind: head.kind, meta: head.meta, body }
  const record = decodeRecord(raw, head.bodyBytes)
  if (record === undefined) return
  const { writer } = parts.chunks
  if (record.kind === 'chunk') {
    const location = parts.index.location(record.hash)
    if (location?.segment === segment && location.offset === offset) {
      await writer.append(raw, record)
    }
    return
  }
  // Durable before the lock is given up: whoever has it next finds it in the index.
  await parts.locks.exclusive(record.data, async () => {
    const live = liveRecord(parts.index, segment, record)
    if (live !== undefined) await writer.commit(live.raw, live.record)
  })
}

/** Tells whether the index still points into a segment. */
function isNeeded(index: StoreIndex, segment: number): boolean {
  const chunk = index.all('select 1 from chunk where segment = ? limit 1', segment)
  const piece = index.all('select 1 from piece where segment = ? limit 1', segment)
  return chunk.length > 0 || piece.length > 0
}

type LiveRecord = { readonly raw: RawRecord; readonly record: StoreRecord }

/** What must be said again of a record's matter, or undefined where nothing. */
function liveRecord(
  index: StoreIndex,
  segment: number,
  record: Exclude<StoreRecord, { readonly kind: 'chunk' }>,
): LiveRecord | undefined {
  switch (record.kind) {
    case 'places': {
      const places = livePlaces(index, segment, record.data, record.places)
      if (places.length === 0) return undefined
      return { raw: encodePlaces(record.data, places), record: { ...record, places } }
    }
    case 'hold': {
      const retention = index.retention(record.data, record.holder)
      if (retention === undefined) return undefined
      const raw = encodeHold(record.data, record.holder, retention)
      return { raw, record: { ...record, retention } }
    }
    case 'release': {
      const isHeldAgain = index.retention(record.data, record.holder) !== undefined
      return isHeldAgain ? undefined : { raw: encodeRelease(record.data, record.holder), record }
    }
    case 'forget': {
      const isHereAgain = index.heldBytes(record.data) !== undefined
      return isHereAgain ? undefined : { raw: encodeForget(record.data), record }
    }
  }
}

function livePlaces(
  index: StoreIndex,
  segment: number,
  { root, sizeBytes }: DataKey,
  places: readonly ChunkPlace[],
): ChunkPlace[] {
  const sql =
    'select segment from piece where data = (select key from data where root = ? and size = ?) ' +
    'and upto = ?'
  return places.filter(
    ({ toByte }) => index.all(sql, root, sizeBytes, toByte)[0]?.segment === segment,
  )
}
