import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { assert } from '@heddle/protocol/base'
import { chunkHeadBytes, type DataKey, retentionJson, type StoreRecord } from './record.ts'
import type { Placed } from './segments/writer.ts'

const sql = {
  chunk: 'select segment, bytes, damaged, blake3 from chunk where hash = ?',
  putChunk: 'insert or replace into chunk values (?, ?, ?, ?, ?, ?)',
  dropChunk: 'delete from chunk where hash = ?',
  damage: 'update chunk set damaged = 1 where hash = ? and damaged = 0',
  /** Held bytes follow the chunk: gained when it is here and whole, lost when it is not. */
  gainHeld:
    'update data set held = held + g.sum from (select data, sum(upto - since) as sum from piece ' +
    'where hash = ? group by data) as g where g.data = data.key',
  loseHeld:
    'update data set held = held - g.sum from (select data, sum(upto - since) as sum from piece ' +
    'where hash = ? group by data) as g where g.data = data.key',
  putData:
    'insert into data (root, size, held, ever, touched) values (?, ?, 0, 0, ?) ' +
    'on conflict (root, size) do update set ' +
    'touched = iif(touched is null, null, excluded.touched) returning key',
  dataKey: 'select key from data where root = ? and size = ?',
  addHeld: 'update data set held = held + ? where key = ?',
  putPiece:
    'insert or ignore into piece (data, upto, since, hash, path, segment) values (?, ?, ?, ?, ?, ?)',
  movePiece: 'update piece set segment = ? where data = ? and upto = ?',
  deadPieces:
    'update segment set dead = dead + g.sum from (select segment, sum(length(path) + 52) as sum ' +
    'from piece where data = ? group by segment) as g where g.segment = segment.number',
  dropPieces: 'delete from piece where data = ?',
  dropData: 'delete from data where key = ?',
  putHold: 'insert or replace into hold values (?, ?, ?, ?)',
  everHeld: 'update data set ever = 1 where key = ?',
  touch: 'update data set touched = ? where root = ? and size = ?',
  doubtUnheld: 'update data set touched = null where ever = 0',
  dropHold: 'delete from hold where data = ? and holder = ?',
  dropHolds: 'delete from hold where data = ?',
  addDead: 'update segment set dead = dead + ? where number = ?',
  dropSegment: 'delete from segment where number = ?',
  growSegment:
    'insert into segment values (?, ?, 0) on conflict (number) ' +
    'do update set bytes = max(bytes, excluded.bytes)',
  progress: 'update progress set segment = ?, bytes = ?',
} as const

export type Statements = Readonly<Record<keyof typeof sql, StatementSync>>

export function createStatements(database: DatabaseSync): Statements {
  const entries = Object.entries(sql).map(([name, text]) => [name, database.prepare(text)])
  const statements: Statements = Object.fromEntries(entries)
  return statements
}

/** Folds one record into the tables, at a time. The same for live writes and for rebuilding. */
export function applyRecord(to: Statements, placed: Placed<StoreRecord>, nowMs: number): void {
  const { what: record, segment, offset } = placed
  switch (record.kind) {
    case 'chunk': {
      const { hash, blake3, bodyBytes: bytes } = record
      putChunk(to, hash, { segment, offset, bytes, damaged: 0, blake3 })
      break
    }
    case 'places':
      putPlaces(to, record, segment, nowMs)
      break
    case 'hold': {
      const { data, holder, retention } = record
      const key = putData(to, data, nowMs)
      const text = JSON.stringify(retentionJson(retention))
      to.putHold.run(key, holder, retention.untilMs ?? null, text)
      to.everHeld.run(key)
      break
    }
    case 'release': {
      const key = keyIn(to, record.data)
      if (key !== undefined) to.dropHold.run(key, record.holder)
      break
    }
    case 'forget':
      forget(to, record.data)
      break
  }
}

/** A chunk found damaged by a scan: its place is known, its bytes are not to be believed. */
export function applyDamagedChunk(to: Statements, place: Placed<ChunkHashes>, bytes: number): void {
  const { segment, offset } = place
  const { hash, blake3 } = place.what
  const known = to.chunk.get(hash)
  if (known === undefined) putChunk(to, hash, { segment, offset, bytes, damaged: 1, blake3 })
}

type ChunkRow = {
  readonly segment: number
  readonly offset: number
  readonly bytes: number
  readonly damaged: 0 | 1
  readonly blake3: Uint8Array | undefined
}

type ChunkHashes = { readonly hash: Uint8Array; readonly blake3: Uint8Array | undefined }

/** The newest place of a chunk counts; an older one is dead. */
function putChunk(to: Statements, hash: Uint8Array, row: ChunkRow): void {
  const old = to.chunk.get(hash)
  if (old !== undefined) addDeadChunk(to, old)
  const { segment, offset, bytes, damaged, blake3 } = row
  to.putChunk.run(hash, segment, offset, bytes, damaged, blake3 ?? null)
  const wasWhole = old !== undefined && old.damaged === 0
  if (!wasWhole && row.damaged === 0) to.gainHeld.run(hash)
}

/** Forgets where a chunk lies; its record is dead from now on. */
export function dropChunk(to: Statements, hash: Uint8Array): void {
  const old = to.chunk.get(hash)
  if (old === undefined) return
  to.dropChunk.run(hash)
  addDeadChunk(to, old)
}

function addDeadChunk(to: Statements, row: Readonly<Record<string, unknown>>): void {
  const { segment, bytes, blake3 } = row
  assert(typeof segment === 'number' && typeof bytes === 'number', 'chunk rows hold numbers')
  const head = chunkHeadBytes(blake3 instanceof Uint8Array ? blake3 : undefined)
  to.addDead.run(bytes + head, segment)
}

function putPlaces(
  to: Statements,
  { data, places }: StoreRecord & { readonly kind: 'places' },
  segment: number,
  nowMs: number,
): void {
  const key = putData(to, data, nowMs)
  let gained = 0
  for (const { fromByte, toByte, hash, path } of places) {
    const isNew = to.putPiece.run(key, toByte, fromByte, hash, path, segment).changes === 1
    if (!isNew) to.movePiece.run(segment, key, toByte)
    else if (to.chunk.get(hash)?.damaged === 0) gained += toByte - fromByte
  }
  to.addHeld.run(gained, key)
}

/**
 * Removes a data set with its holds. Chunks stay: an upload under way may have found them here. What
 * nobody refers to in the end is swept by the collector.
 */
function forget(to: Statements, data: DataKey): void {
  const key = keyIn(to, data)
  if (key === undefined) return
  to.deadPieces.run(key)
  to.dropPieces.run(key)
  to.dropHolds.run(key)
  to.dropData.run(key)
}

function putData(to: Statements, { root, sizeBytes }: DataKey, nowMs: number): number {
  const key = to.putData.get(root, sizeBytes, nowMs)?.key
  assert(typeof key === 'number', 'an upsert returns its key')
  return key
}

function keyIn(to: Statements, { root, sizeBytes }: DataKey): number | undefined {
  const key = to.dataKey.get(root, sizeBytes)?.key
  return typeof key === 'number' ? key : undefined
}
