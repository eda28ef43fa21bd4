import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import { assert } from '@heddle/protocol/base'
import type { Retention } from '@heddle/protocol/params'
import { storeDiskError, storeIndexFailed } from './errors.ts'
import { applyRecord, createStatements, type Statements } from './index-apply.ts'
import { type DataKey, parseRetentionText, type StoreRecord } from './record.ts'
import type { Placed, SegmentEnd } from './segments/writer.ts'

/** Where the bytes of a chunk lie; `offset` is that of its record. */
export type ChunkLocation = {
  readonly segment: number
  readonly offset: number
  readonly bytes: number
  readonly isDamaged: boolean
  /** Its BLAKE3, where its record has one. */
  readonly blake3: Uint8Array | undefined
}

/** A chunk of a data set as the index knows it. */
export type Piece = {
  readonly fromByte: number
  readonly toByte: number
  readonly hash: Uint8Array
  readonly path: Uint8Array
  /** Absent where its record was lost. */
  readonly location: ChunkLocation | undefined
}

type Row = Record<string, SQLOutputValue>

const pieceColumns =
  'p.since, p.upto, p.hash, p.path, c.segment, c.offset, c.bytes, c.damaged, c.blake3 ' +
  'from piece p left join chunk c on c.hash = p.hash'

/**
 * The index over the segments, written in step with them: one transaction for each durable stretch,
 * before its writers are told. Where SQLite cannot write, the stretch waits here and goes in first
 * next time; its writers are refused meanwhile.
 */
export class StoreIndex {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #statements: Statements
  /** Prepared once: SQLite's memory for a statement is given back only when it is collected. */
  readonly #queries = new Map<string, StatementSync>()
  readonly #nowMs: () => number
  #backlog: { readonly placed: readonly Placed<StoreRecord>[]; readonly end: SegmentEnd }[] = []

  constructor(database: DatabaseSync, path: string, nowMs: () => number) {
    this.#database = database
    this.#path = path
    this.#nowMs = nowMs
    this.#statements = createStatements(database)
  }

  /** Takes up durable records, in their order. Throws `store-full`, `store-disk-failed`. */
  apply(placed: readonly Placed<StoreRecord>[], end: SegmentEnd): void {
    this.#backlog.push({ placed, end })
    this.#write(() => {
      for (const stretch of this.#backlog) {
        for (const record of stretch.placed) applyRecord(this.#statements, record, this.#nowMs())
        this.#statements.progress.run(stretch.end.segment, stretch.end.endBytes)
        this.#statements.growSegment.run(stretch.end.segment, stretch.end.endBytes)
      }
    })
    this.#backlog = []
  }

  /** Up to where the segments are taken up. */
  progress(): SegmentEnd {
    const row = this.#get('select segment, bytes from progress')
    return { segment: numberOf(row?.segment), endBytes: numberOf(row?.bytes) }
  }

  location(hash: Uint8Array): ChunkLocation | undefined {
    const row = this.#get(
      'select segment, offset, bytes, damaged, blake3 from chunk where hash = ?',
      hash,
    )
    return row && locationOf(row)
  }

  /** Bytes of a data set that are here and whole; undefined where nothing of it is. */
  heldBytes({ root, sizeBytes }: DataKey): number | undefined {
    const row = this.#get('select held from data where root = ? and size = ?', root, sizeBytes)
    return row && numberOf(row.held)
  }

  /** What a holder was promised, or undefined where nothing. */
  retention({ root, sizeBytes }: DataKey, holder: string): Retention | undefined {
    const row = this.#get(
      'select retention from hold where data = (select key from data where root = ? and size = ?)' +
        ' and holder = ?',
      ...[root, sizeBytes, holder],
    )
    return typeof row?.retention === 'string' ? parseRetentionText(row.retention) : undefined
  }

  /** Chunks of a data set from the one that holds `fromByte` on, in order. */
  pieces({ root, sizeBytes }: DataKey, fromByte: number, limit: number): Piece[] {
    const rows = this.all(
      `select ${pieceColumns} where p.data = (select key from data where root = ? and size = ?) ` +
        'and p.upto > ? order by p.upto limit ?',
      ...[root, sizeBytes, fromByte, limit],
    )
    return rows.map(pieceOf)
  }

  /** The data came again: what of it nobody holds yet waits for that from now on. */
  touch({ root, sizeBytes }: DataKey): void {
    const sql = 'select touched from data where root = ? and size = ? and ever = 0'
    if (typeof this.#get(sql, root, sizeBytes)?.touched !== 'number') return
    this.#write(() => this.#statements.touch.run(this.#nowMs(), root, sizeBytes))
  }

  /** Promises were lost: data that none is known for may be somebody's all the same. */
  doubtUnheld(): void {
    this.#write(() => this.#statements.doubtUnheld.run())
  }

  /** Remembers that a chunk does not read back; it is no longer counted as held. */
  markDamaged(hash: Uint8Array): void {
    this.#write(() => {
      const wasWhole = this.#statements.damage.run(hash).changes === 1
      if (wasWhole) this.#statements.loseHeld.run(hash)
    })
  }

  /** All rows of a query. Throws `store-index-failed`. */
  all(sql: string, ...values: SQLInputValue[]): Row[] {
    try {
      let statement = this.#queries.get(sql)
      if (statement === undefined) {
        statement = this.#database.prepare(sql)
        this.#queries.set(sql, statement)
      }
      return statement.all(...values)
    } catch (cause) {
      throw storeIndexFailed(cause)
    }
  }

  /** Changes that follow from no record, as one transaction. */
  change(run: (statements: Statements) => void): void {
    this.#write(() => run(this.#statements))
  }

  close(): void {
    this.#database.close()
  }

  #get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.all(sql, ...values)[0]
  }

  #write(run: () => void): void {
    try {
      this.#database.exec('begin immediate')
      run()
      this.#database.exec('commit')
    } catch (error) {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('rollback')
      throw storeDiskError(this.#path, error)
    }
  }
}

function pieceOf(row: Row): Piece {
  return {
    fromByte: numberOf(row.since),
    toByte: numberOf(row.upto),
    hash: bytesOf(row.hash),
    path: bytesOf(row.path),
    location: row.segment === null ? undefined : locationOf(row),
  }
}

function locationOf(row: Row): ChunkLocation {
  return {
    segment: numberOf(row.segment),
    offset: numberOf(row.offset),
    bytes: numberOf(row.bytes),
    isDamaged: row.damaged === 1,
    blake3: row.blake3 instanceof Uint8Array ? row.blake3 : undefined,
  }
}

export function numberOf(value: SQLOutputValue | undefined): number {
  assert(typeof value === 'number', 'the index holds a number here')
  return value
}

export function bytesOf(value: SQLOutputValue | undefined): Uint8Array {
  assert(value instanceof Uint8Array, 'the index holds bytes here')
  return value
}
