import { join } from 'node:path'
import type { Disk } from '../runtime/index.ts'
import { applyDamagedChunk } from './index-apply.ts'
import { decodeChunkMeta, decodeRecord, type StoreRecord } from './record.ts'
import { segmentName, segmentNumber } from './segments/format.ts'
import { type ScannedDamage, type ScannedRecord, scanSegment } from './segments/scan.ts'
import type { Placed } from './segments/writer.ts'
import { bytesOf, numberOf, type StoreIndex } from './store-index.ts'

/** A place in a segment that does not read back, for the operator's log. */
export type Damage = {
  readonly path: string
  readonly offset: number
  readonly bytes: number
  /** At the end of its file: what a crash cut off before anybody was told it was kept. */
  readonly isTail: boolean
}

/** Records taken up in one transaction, and the bytes of their bodies. */
const batchRecords = 1000
const batchBytes = 8 * 1024 * 1024

/** Numbers of the segment files there are, rising. */
async function listSegments(disk: Pick<Disk, 'list'>, folder: string): Promise<number[]> {
  const names = await disk.list(folder)
  return names.flatMap((name) => segmentNumber(name) ?? [])
}

/**
 * Takes up what the segments hold and the index does not know: the tail after a crash, or everything
 * for an empty index. Returns the number of the newest segment.
 */
export async function catchUp(
  disk: Pick<Disk, 'list' | 'open'>,
  folder: string,
  index: StoreIndex,
  onDamage: (damage: Damage) => void,
): Promise<number> {
  const segments = await listSegments(disk, folder)
  const known = index.progress()
  let isWhole = true
  for (const segment of segments) {
    if (segment < known.segment) continue
    const from = segment === known.segment ? known.endBytes : 0
    const lost = await takeUp({ disk, folder, index, onDamage }, segment, from)
    // What a crash cut off the end of the newest was acknowledged to nobody.
    const isTorn = segment === segments.at(-1) && lost === 'tail'
    isWhole &&= lost === 'nothing' || isTorn
  }
  for (const { number } of index.all('select number from segment')) {
    const segment = numberOf(number)
    if (segments.includes(segment)) continue
    forgetSegment(folder, index, segment, onDamage)
    isWhole = false
  }
  if (!isWhole) index.doubtUnheld()
  return Math.max(known.segment, segments.at(-1) ?? 0)
}

/**
 * A segment the index knows and the folder has not: somebody removed the file, or a power cut took back
 * what the index had learnt since the collector did. Nothing may be taken for kept that lay in it.
 */
function forgetSegment(
  folder: string,
  index: StoreIndex,
  segment: number,
  onDamage: (damage: Damage) => void,
): void {
  const sql =
    'select hash, damaged, bytes, exists (select 1 from piece where piece.hash = chunk.hash) as used ' +
    'from chunk where segment = ?'
  const rows = index.all(sql, segment)
  index.change((statements) => {
    for (const { hash, damaged } of rows) {
      if (damaged === 0) statements.loseHeld.run(bytesOf(hash))
      statements.dropChunk.run(bytesOf(hash))
    }
    statements.dropSegment.run(segment)
  })
  const used = rows.filter((row) => row.used === 1)
  const bytes = used.reduce((sum, row) => sum + numberOf(row.bytes), 0)
  const path = join(folder, segmentName(segment))
  if (used.length > 0) onDamage({ path, offset: 0, bytes, isTail: false })
}

type Parts = {
  readonly disk: Pick<Disk, 'open'>
  readonly folder: string
  readonly index: StoreIndex
  readonly onDamage: (damage: Damage) => void
}

/** What does not read back, chunks apart, of which each names its own: a promise may be in it. */
type Lost = 'nothing' | 'tail' | 'records'

async function takeUp(parts: Parts, segment: number, from: number): Promise<Lost> {
  const { disk, folder, index, onDamage } = parts
  const path = join(folder, segmentName(segment))
  const file = await disk.open(path)
  try {
    let batch: Placed<StoreRecord>[] = []
    let endBytes = from
    let bytes = 0
    let lost: Lost = 'nothing'
    for await (const found of scanSegment(file, from)) {
      const record = found.isDamaged ? undefined : recordIn(found)
      if (record !== undefined) {
        batch.push({ what: record, segment, offset: found.offset })
        endBytes = found.endBytes
        if (record.kind !== 'chunk') bytes += found.endBytes - found.offset
      } else {
        const { offset } = found
        const isTail = found.isDamaged && found.isTail
        onDamage({ path, offset, bytes: found.endBytes - offset, isTail })
        if (found.isDamaged) rememberDamage(index, found, segment)
        if (!found.isDamaged || found.head?.kind !== 'chunk')
          lost = isTail && lost === 'nothing' ? 'tail' : 'records'
      }
      if (batch.length >= batchRecords || bytes >= batchBytes) {
        index.apply(batch, { segment, endBytes })
        batch = []
        bytes = 0
      }
    }
    index.apply(batch, { segment, endBytes })
    return lost
  } finally {
    await file.close()
  }
}

function recordIn({ head, body }: ScannedRecord): StoreRecord | undefined {
  return decodeRecord({ kind: head.kind, meta: head.meta, body }, head.bodyBytes)
}

function rememberDamage(index: StoreIndex, found: ScannedDamage, segment: number): void {
  const { head, offset } = found
  const hashes = head?.kind === 'chunk' ? decodeChunkMeta(head.meta) : undefined
  if (head === undefined || hashes === undefined) return
  const place = { what: hashes, segment, offset }
  index.change((statements) => applyDamagedChunk(statements, place, head.bodyBytes))
}
