import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Disk } from '../../runtime/index.ts'
import { gatewayClosed } from '../errors.ts'
import { openCatalogFile, removeCatalogFile } from './catalog-file.ts'
import { Checkpointer } from './checkpointer.ts'
import { KnownIds } from './known-ids.ts'
import {
  type CatalogRow,
  type CatalogSlot,
  type Found,
  itemColumns,
  itemsLog,
  type PassedOver,
  pendingHeight,
  readFound,
  type SettledBlock,
  seqPerMs,
  type WeaveRegion,
} from './location.ts'
import { joinTerms, splitTerms } from './terms.ts'

const fromItem = `SELECT ${itemColumns} FROM item JOIN log ON log.id = item.log`

/** Some ten megabytes of write-ahead log. */
const writesBetweenCheckpoints = 64
const rememberedSizes = 4096

/**
 * Opens the index at `path`. One that has seen more of a log than there is belongs to other data:
 * it is thrown away and rebuilt. `heads` gives the next free slot of each log that is checked.
 */
export async function openCatalog(
  path: string,
  disk: Disk,
  heads: ReadonlyMap<string, number>,
): Promise<Catalog> {
  const open = async () => new Catalog(await openCatalogFile(path, disk), path)
  const catalog = await open()
  let foreign = false
  for (const [log, head] of heads) foreign ||= catalog.progress(log) > head
  if (!foreign) return catalog
  await catalog.close()
  await removeCatalogFile(path, disk)
  return open()
}

/**
 * The index of everything servable. Synchronous, hence on a thread of its own (`worker.ts`); its
 * one writer is the indexer.
 */
export class Catalog {
  readonly #database: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly #checkpointer: Checkpointer
  readonly #listSizes = new Map<string, number>()
  #writes = 0
  #last = { timeMs: -1, seq: -1 }

  constructor(database: DatabaseSync, path: string) {
    this.#database = database
    this.#checkpointer = new Checkpointer(path)
  }

  /** Next slot of a log to be indexed. */
  progress(log: string): number {
    return Number(this.statement('SELECT next FROM log WHERE name = ?').get(log)?.next ?? 0)
  }

  /** Slots of the items log that were passed over. */
  unopened(): number[] {
    return this.statement('SELECT slot FROM unopened ORDER BY slot')
      .all()
      .map(({ slot }) => Number(slot))
  }

  /** Indexes slots of a log and moves its progress to `next`, all or nothing. */
  write(log: string, slots: readonly CatalogSlot[], next: number, passed: PassedOver = {}): void {
    this.#transaction(() => {
      const { unopened = [], opened = [] } = passed
      const note = this.statement('INSERT INTO unopened VALUES(?) ON CONFLICT DO NOTHING')
      for (const slot of unopened) note.run(slot)
      for (const slot of opened) this.statement('DELETE FROM unopened WHERE slot = ?').run(slot)
      const logId = this.#advance(log, next)
      for (const { slot, keptId, weaveBytes, rows } of slots) {
        if (keptId !== undefined) this.#keep(keptId, slot)
        if (weaveBytes !== undefined) this.#weave(slot, weaveBytes)
        for (const row of rows) this.#insert(logId, log, slot, row)
      }
    })
  }

  /** Gives the items of final blocks their height. The first block that holds an item counts. */
  settle(blocks: readonly SettledBlock[], log: string): void {
    this.#transaction(() => {
      for (const { height, ids } of blocks) {
        this.#advance(log, height + 1)
        for (const id of ids) {
          const slot = this.#setHeight(id, height)
          if (slot !== undefined) this.#move(slot, height)
        }
      }
    })
  }

  find(id: Uint8Array): Found | undefined {
    const row = this.statement(`${fromItem} WHERE item.id = ?`).get(id)
    return row && readFound(row)
  }

  at(seq: number): Found | undefined {
    const row = this.statement(`${fromItem} WHERE seq = ?`).get(seq)
    return row && readFound(row)
  }

  /**
   * How many items have a term: exact up to a bound beyond which it does not matter, and perhaps
   * of a moment ago. It chooses the way of a search, never its outcome.
   */
  listSize(term: Uint8Array): number {
    const key = Buffer.from(term).toString('latin1')
    const known = this.#listSizes.get(key)
    if (known !== undefined) return known
    const sql = 'SELECT count(*) AS size FROM (SELECT 1 FROM posting WHERE term = ? LIMIT 10000)'
    const size = Number(this.statement(sql).get(term)?.size)
    if (this.#listSizes.size >= rememberedSizes) this.#listSizes.clear()
    this.#listSizes.set(key, size)
    return size
  }

  /** Tells whether the items log holds the id, apart from what other logs hold. */
  isKept(id: Uint8Array): boolean {
    const row = this.statement('SELECT slot FROM kept WHERE id = ?').get(id)
    return row !== undefined && row.slot !== null
  }

  /** Height of the block that ordered this very item. */
  orderedHeight(id: Uint8Array): number | undefined {
    const height = this.statement('SELECT height FROM kept WHERE id = ?').get(id)?.height
    return typeof height === 'number' ? height : undefined
  }

  /** Where the data of the transaction at a slot of the items log is in the weave. */
  weaveOf(slot: number): WeaveRegion | undefined {
    return readRegion(this.statement('SELECT * FROM weave WHERE slot = ?').get(slot))
  }

  /** The region that holds a byte of the weave, counted from 1. */
  weaveAt(offset: number): WeaveRegion | undefined {
    const sql = 'SELECT * FROM weave WHERE start < ? ORDER BY start DESC LIMIT 1'
    const region = readRegion(this.statement(sql).get(offset))
    return region && offset <= region.start + region.sizeBytes ? region : undefined
  }

  /** Ids of kept items no block holds yet, oldest first. */
  unordered(): Uint8Array[] {
    const sql = 'SELECT id FROM kept WHERE height IS NULL AND slot IS NOT NULL ORDER BY slot'
    return this.statement(sql)
      .all()
      .map((row) => row.id as Uint8Array)
  }

  /** All ids of the items log. */
  keptIds(): KnownIds {
    const known = new KnownIds()
    const rows = this.statement('SELECT id FROM kept WHERE slot IS NOT NULL').iterate()
    for (const row of rows) known.add(row.id as Uint8Array)
    return known
  }

  /** A prepared statement, prepared once per text. Throws `gateway-closed`. */
  statement(sql: string): StatementSync {
    if (!this.#database.isOpen) throw gatewayClosed()
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  /**
   * Carries the write-ahead log over into the file once it has grown, off the event loop. The
   * writer waits for it between two writes: only what nobody adds to can be emptied.
   */
  async rest(): Promise<void> {
    if (this.#writes < writesBetweenCheckpoints) return
    this.#writes = 0
    this.#listSizes.clear()
    await this.#checkpointer.run()
  }

  async close(): Promise<void> {
    await this.#checkpointer.close()
    if (this.#database.isOpen) this.#database.close()
  }

  #transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      work()
      this.#database.exec('COMMIT')
      this.#writes++
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw error
    }
  }

  #advance(log: string, next: number): number {
    const sql =
      'INSERT INTO log(name, next) VALUES(?, ?) ' +
      'ON CONFLICT(name) DO UPDATE SET next = excluded.next RETURNING id'
    return Number(this.statement(sql).get(log, next)?.id)
  }

  /** The order is that of the log, so an index made anew gives the same offsets. */
  #weave(slot: number, sizeBytes: number): void {
    if (this.weaveOf(slot) !== undefined) return
    const last = this.statement('SELECT * FROM weave ORDER BY start DESC LIMIT 1').get()
    const start = last === undefined ? 0 : Number(last.start) + Number(last.size)
    this.statement('INSERT INTO weave VALUES(?, ?, ?)').run(start, sizeBytes, slot)
  }

  #keep(id: Uint8Array, slot: number): void {
    const sql =
      'INSERT INTO kept(id, slot) VALUES(?, ?) ' +
      'ON CONFLICT(id) DO UPDATE SET slot = coalesce(slot, excluded.slot)'
    this.statement(sql).run(id, slot)
  }

  #insert(logId: number, log: string, slot: number, row: CatalogRow): void {
    const height = row.height ?? pendingHeight
    const seq = this.#place(logId, slot, row, height)
    if (seq === undefined) return
    const post = this.statement('INSERT INTO posting VALUES(?, ?, ?) ON CONFLICT DO NOTHING')
    for (const term of row.terms) post.run(term, height, seq)
    if (log === itemsLog && row.height === undefined) {
      const sql = 'INSERT INTO pending VALUES(?, ?, ?)'
      this.statement(sql).run(slot, seq, joinTerms(row.terms))
    }
  }

  /**
   * Inserts the row at the first free place from its time on; undefined where its id is known. That one
   * then keeps its place in the order, and has its bytes from where they are kept longest.
   */
  #place(logId: number, slot: number, row: CatalogRow, height: number): number | undefined {
    // Only these two conflicts are expected; anything else that is wrong with a row must throw.
    const insert = this.statement(
      'INSERT INTO item VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ' +
        'ON CONFLICT(seq) DO NOTHING ON CONFLICT(id) DO NOTHING',
    )
    const where = [logId, slot, row.part, row.offset, row.length] as const
    // Items of one millisecond stay in the order of their log, and none looks for room twice.
    let seq = row.timeMs === this.#last.timeMs ? this.#last.seq + 1 : row.timeMs * seqPerMs
    for (; ; seq++) {
      const rest = [height, row.parent ?? null, row.untilMs ?? null] as const
      if (insert.run(seq, row.id, ...where, ...rest).changes === 1) break
      const known = this.statement('SELECT until, parent FROM item WHERE id = ?').get(row.id)
      if (known === undefined) continue
      if (lastsLonger(row, known)) this.#relocate(row, where)
      return undefined
    }
    this.#last = { timeMs: row.timeMs, seq }
    return seq
  }

  #relocate(row: CatalogRow, where: readonly [number, number, number, number, number]): void {
    const sql =
      'UPDATE item SET log = ?, slot = ?, part = ?, offset = ?, length = ?, until = ? WHERE id = ?'
    this.statement(sql).run(...where, row.untilMs ?? null, row.id)
  }

  /** Slot of the id in the items log if this is the first block that holds it. */
  #setHeight(id: Uint8Array, height: number): number | undefined {
    const known = this.statement('SELECT slot, height FROM kept WHERE id = ?').get(id)
    if (known !== undefined && known.height !== null) return undefined
    const sql =
      'INSERT INTO kept(id, height) VALUES(?, ?) ' +
      'ON CONFLICT(id) DO UPDATE SET height = excluded.height'
    this.statement(sql).run(id, height)
    return typeof known?.slot === 'number' ? known.slot : undefined
  }

  /** Moves a kept record's items from pending to a height. */
  #move(slot: number, height: number): void {
    const rows = this.statement('SELECT seq, terms FROM pending WHERE slot = ?').all(slot)
    const moveItem = this.statement('UPDATE item SET height = ? WHERE seq = ?')
    const movePosting = this.statement(
      'UPDATE posting SET height = ? WHERE term = ? AND height = ? AND seq = ?',
    )
    for (const { seq, terms } of rows) {
      moveItem.run(height, seq as number)
      // A tag given twice is one posting: once moved, the update finds nothing more.
      for (const term of splitTerms(terms as Uint8Array)) {
        movePosting.run(height, term, pendingHeight, seq as number)
      }
    }
    this.statement('DELETE FROM pending WHERE slot = ?').run(slot)
  }
}

/**
 * Tells whether the place of a row is the better one for an item that is known: kept for longer, or as long
 * and by itself, where that of before is within a bundle. So what is kept is not lost with the bundle it came
 * in first, and an item whose bundle is damaged is whole again once it is posted.
 */
function lastsLonger(row: CatalogRow, known: Readonly<Record<string, unknown>>): boolean {
  const until = row.untilMs ?? Number.POSITIVE_INFINITY
  const before = typeof known.until === 'number' ? known.until : Number.POSITIVE_INFINITY
  return until > before || (until === before && row.parent === undefined && known.parent !== null)
}

function readRegion(row: Record<string, unknown> | undefined): WeaveRegion | undefined {
  return row && { slot: Number(row.slot), start: Number(row.start), sizeBytes: Number(row.size) }
}
