import { join } from 'node:path'
import type { Runtime } from '../runtime/index.ts'
import type { ChunkBytes } from './chunk-bytes.ts'
import { moveRecords } from './compact.ts'
import type { DataLocks } from './data-locks.ts'
import type { CollectReport } from './face.ts'
import { dropChunk } from './index-apply.ts'
import type { StoreOptions } from './options.ts'
import { type DataKey, encodeForget } from './record.ts'
import { segmentName } from './segments/format.ts'
import { bytesOf, numberOf, type StoreIndex } from './store-index.ts'

export type CollectParts = {
  readonly runtime: Pick<Runtime, 'disk' | 'clock' | 'timer'>
  readonly folder: string
  readonly index: StoreIndex
  readonly chunks: ChunkBytes
  readonly locks: DataLocks
  readonly options: Pick<StoreOptions, 'deadShare' | 'unheldMs'>
  /** True once the store is to close: a pass stops at its next step. */
  isClosing(): boolean
}

/** Rows looked at before others get their turn. */
const batchRows = 500
const empty = new Uint8Array(0)

/**
 * One pass: forgets data whose every promise has run out, sweeps chunks nobody refers to, and writes
 * segments that are mostly dead anew. What was never promised to anybody stays for `unheldMs`: whoever
 * wrote it may be about to hold it.
 */
export async function collect(parts: CollectParts, sweeps: boolean): Promise<CollectReport> {
  const { forgotten, forgottenBytes } = await forgetExpired(parts)
  if (sweeps || forgotten > 0) await sweepOrphans(parts)
  let segmentsRemoved = 0
  let segmentsDamaged = 0
  for (const segment of deadSegments(parts)) {
    if (parts.isClosing()) break
    if (await compactSegment(parts, segment)) segmentsRemoved++
    else segmentsDamaged++
  }
  return { forgotten, forgottenBytes, segmentsRemoved, segmentsDamaged }
}

/** Of data: nobody holds it at a time (first), and somebody did, or it came no later than then (second). */
const isForgotten =
  'not exists (select 1 from hold where hold.data = data.key and (until is null or until > ?)) ' +
  'and (ever = 1 or touched <= ?)'

async function forgetExpired(parts: CollectParts) {
  const { index, isClosing } = parts
  const sql =
    `select key, root, size, held from data where key > ? and ${isForgotten} ` +
    'order by key limit ?'
  let after = 0
  let forgotten = 0
  let forgottenBytes = 0
  for (;;) {
    const rows = index.all(sql, after, ...timesOf(parts), batchRows)
    for (const row of rows) {
      after = numberOf(row.key)
      const data: DataKey = { root: bytesOf(row.root), sizeBytes: numberOf(row.size) }
      if (isClosing() || !(await forget(parts, data))) continue
      forgotten++
      forgottenBytes += numberOf(row.held)
    }
    if (rows.length < batchRows || isClosing()) return { forgotten, forgottenBytes }
  }
}

async function forget(parts: CollectParts, data: DataKey): Promise<boolean> {
  const { index, chunks, locks } = parts
  const { root, sizeBytes } = data
  return await locks.exclusive(data, async () => {
    // Asked again: it may have been held, or have come anew, since the list was made.
    const sql = `select 1 from data where root = ? and size = ? and ${isForgotten}`
    if (index.all(sql, root, sizeBytes, ...timesOf(parts)).length === 0) return false
    await chunks.writer.commit(encodeForget(data), { kind: 'forget', data })
    return true
  })
}

/** What `isForgotten` asks for. */
function timesOf({ runtime, options }: CollectParts): [number, number] {
  const nowMs = runtime.clock.nowMs()
  return [nowMs, nowMs - options.unheldMs]
}

async function sweepOrphans({ index, chunks, runtime, isClosing }: CollectParts): Promise<void> {
  let after: Uint8Array = empty
  for (;;) {
    const rows = index.all(
      'select hash, exists (select 1 from piece where piece.hash = chunk.hash) as used ' +
        'from chunk where hash > ? order by hash limit ?',
      ...[after, batchRows],
    )
    const orphans = rows
      .filter(({ used }) => used === 0)
      .map(({ hash }) => bytesOf(hash))
      .filter((hash) => !chunks.isPinned(hash))
    if (orphans.length > 0) {
      index.change((statements) => {
        for (const hash of orphans) dropChunk(statements, hash)
      })
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < batchRows || isClosing()) return
    after = bytesOf(last.hash)
    await runtime.timer.sleep(0)
  }
}

/** Finished segments whose dead share is large enough. */
function deadSegments({ index, chunks, options }: CollectParts): number[] {
  const rows = index.all(
    'select number from segment where number < ? and dead >= bytes * ? order by number',
    ...[chunks.writer.segment, options.deadShare],
  )
  return rows.map(({ number }) => numberOf(number))
}

/** Moves what lives to the newest segment and removes the file. False where it must stay. */
async function compactSegment(parts: CollectParts, segment: number): Promise<boolean> {
  const { folder, index, chunks, isClosing } = parts
  const { disk } = parts.runtime
  const isMoved = await moveRecords(parts, segment)
  if (!isMoved || isClosing()) return false
  index.change((statements) => statements.dropSegment.run(segment))
  chunks.readers.drop(segment)
  await disk.remove(join(folder, segmentName(segment)))
  await disk.syncFolder(folder)
  return true
}
