import type { DatabaseSync } from 'node:sqlite'
import type { StoredData } from '../ports.ts'

/** A copy held for somebody. */
export type Kept = StoredData & {
  readonly placer: string
  readonly item: string
  readonly request: string
  readonly untilMs?: number
}

/** What is kept, in number and by what it counts. */
export type KeptSum = { readonly copies: number; readonly bytes: number }

/** The keeper's list: what it holds, for whom. Each write is durable when it returns. */
export class Keeping {
  readonly #database: DatabaseSync
  /** By placer; read anew after what changes more than one of them. */
  #sums: Map<string, KeptSum> | undefined

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** What is kept, of one placer where one is named; what has run out counts until it is pruned. */
  sum(placer?: string): KeptSum {
    this.#sums ??= this.#readSums()
    if (placer !== undefined) return this.#sums.get(placer) ?? { copies: 0, bytes: 0 }
    let [copies, bytes] = [0, 0]
    for (const sum of this.#sums.values()) {
      copies += sum.copies
      bytes += sum.bytes
    }
    return { copies, bytes }
  }

  find(placer: string, item: string): Kept | undefined {
    const sql = 'select * from keeping where placer = ? and item = ?'
    const row = this.#database.prepare(sql).get(placer, item)
    return row && keptOf(row)
  }

  /** What a placer had kept by a request. */
  byRequest(placer: string, request: string): Kept | undefined {
    const sql = 'select * from keeping where placer = ? and request = ?'
    const row = this.#database.prepare(sql).get(placer, request)
    return row && keptOf(row)
  }

  /** Tells whether somebody's copy has this data. */
  has({ dataRoot, sizeBytes }: StoredData): boolean {
    const sql = 'select 1 from keeping where root = ? and size = ? limit 1'
    return this.#database.prepare(sql).get(dataRoot, sizeBytes) !== undefined
  }

  /**
   * Notes a copy, before any of it is there; a placer's newer request for the same item replaces its older,
   * and what that had promised stays so.
   */
  add({ placer, item, request, dataRoot, sizeBytes, untilMs }: Kept, sinceMs: number): void {
    const before = this.find(placer, item)
    const done = before !== undefined && !this.#isUnfinished(before.request)
    this.#database
      .prepare('insert or replace into keeping values (?, ?, ?, ?, ?, ?, ?, ?)')
      .run(...[placer, item, request, dataRoot, sizeBytes, untilMs ?? null, sinceMs, Number(done)])
    if (before !== undefined) this.#count(placer, -1, -before.sizeBytes)
    this.#count(placer, 1, sizeBytes)
  }

  /** All of a copy is there: it may be promised. */
  finish(request: string): void {
    this.#database.prepare('update keeping set done = 1 where request = ?').run(request)
  }

  /** Copies that were on their way in when the node ended. */
  unfinished(): Kept[] {
    return this.#database.prepare('select * from keeping where done = 0').all().map(keptOf)
  }

  remove({ placer, request, sizeBytes }: Kept): void {
    const { changes } = this.#database.prepare('delete from keeping where request = ?').run(request)
    if (Number(changes) > 0) this.#count(placer, -1, -sizeBytes)
  }

  /** Notes that a request is ended, should it still be under way. */
  withdraw(request: string, atMs: number): void {
    this.#database.prepare('insert or replace into withdrawn values (?, ?)').run(request, atMs)
  }

  isWithdrawn(request: string): boolean {
    const sql = 'select 1 from withdrawn where request = ?'
    return this.#database.prepare(sql).get(request) !== undefined
  }

  /** Forgets what has run out, and releases of requests that would be too old by now. */
  prune(nowMs: number, withdrawnBeforeMs: number): void {
    const { changes } = this.#database.prepare('delete from keeping where until <= ?').run(nowMs)
    if (Number(changes) > 0) this.#sums = undefined
    this.#database.prepare('delete from withdrawn where at < ?').run(withdrawnBeforeMs)
  }

  #isUnfinished(request: string): boolean {
    const sql = 'select 1 from keeping where request = ? and done = 0'
    return this.#database.prepare(sql).get(request) !== undefined
  }

  #readSums(): Map<string, KeptSum> {
    const sql = 'select placer, count(*) as n, sum(size) as bytes from keeping group by placer'
    const rows = this.#database.prepare(sql).all()
    return new Map(
      rows.map(({ placer, n, bytes }) => [
        String(placer),
        { copies: Number(n), bytes: Number(bytes) },
      ]),
    )
  }

  #count(placer: string, copies: number, bytes: number): void {
    if (this.#sums === undefined) return
    const before = this.sum(placer)
    const after = { copies: before.copies + copies, bytes: before.bytes + bytes }
    this.#sums.set(placer, after)
  }
}

function keptOf(row: Readonly<Record<string, unknown>>): Kept {
  return {
    placer: String(row.placer),
    item: String(row.item),
    request: String(row.request),
    dataRoot: String(row.root),
    sizeBytes: Number(row.size),
    ...(row.until === null ? {} : { untilMs: Number(row.until) }),
  }
}
