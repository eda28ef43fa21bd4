import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Retention } from '@heddle/protocol/params'
import type { KeeperPlace, PromisedItem } from '../face.ts'
import type { StoredData } from '../ports.ts'

/** An item whose copies this node answers for. */
export type Placement = PromisedItem & {
  /** Whether this node's own copy counts. */
  readonly own: boolean
  /** `placing` until the item itself is kept. */
  readonly state: 'placing' | 'kept'
  /** Copies that are missing. */
  readonly short: number
}

/** One who was asked for a copy. */
export type Holder = {
  readonly request: string
  readonly item: string
  readonly keeper: KeeperPlace
  readonly state: 'asked' | 'held' | 'failed' | 'owed'
  readonly sinceMs: number
  readonly provenMs: number
  readonly failures: number
  readonly error: string | undefined
}

/** Copies that a placement lacks. */
const shortSql = `max(0, copies - own - (select count(distinct keeper) from holder
  where holder.item = placement.item and holder.state = 'held'))`

/** The placer's list: who holds what. Each write is durable when it returns. */
export class Placements {
  readonly #database: DatabaseSync

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  /** Notes what is about to be placed, before any keeper hears of it. */
  begin({ id, header, data, retention }: PromisedItem, own: boolean): void {
    const { copies, placement, minimumStake, untilMs } = retention
    this.#run(
      `insert or replace into placement values (?, ?, ?, ?, ?, ?, ?, ?, ?, 'placing', 0, 0)`,
      ...[id, data.dataRoot, data.sizeBytes, copies, JSON.stringify(placement)],
      ...[String(minimumStake), untilMs ?? null, header, Number(own)],
    )
  }

  /** Notes that a keeper is about to be asked. */
  ask(item: Placement | PromisedItem, request: string, keeper: KeeperPlace, nowMs: number): void {
    this.#run(
      `insert into holder values (?, ?, ?, ?, 'asked', ?, ?, 0, 0, null, null, 0)`,
      ...[request, item.id, keeper.address, keeper.url, item.retention.untilMs ?? null, nowMs],
    )
  }

  /** A keeper promised, and proved it. For it this request replaces any older for the same item. */
  hold(request: string, promise: Uint8Array, nowMs: number, nextMs: number): void {
    this.#asOne(() => {
      this.#run(
        `delete from holder where state in ('held', 'failed') and request <> ?1 and (item, keeper) =
         (select item, keeper from holder where request = ?1)`,
        request,
      )
      this.#run(
        `update holder set state = 'held', promise = ?, proven = ?, failures = 0, error = null,
         next = ? where request = ?`,
        ...[promise, nowMs, nextMs, request],
      )
      this.#recount(request)
    })
  }

  /** One that is to be told it need not is not held back by that. */
  prove(request: string, nowMs: number, nextMs: number): void {
    this.#run(
      `update holder set proven = ?, failures = 0, error = null, next = ?
       where request = ? and state <> 'owed'`,
      ...[nowMs, nextMs, request],
    )
  }

  fail(request: string, error: string, nextMs: number): void {
    const sql = 'update holder set failures = failures + 1, error = ?, next = ? where request = ?'
    this.#run(sql, error, nextMs, request)
  }

  /** A holder failed too often to count; what it has is not given up before another has it. */
  giveUp(request: string): void {
    this.#run(`update holder set state = 'failed' where request = ? and state = 'held'`, request)
    this.#recount(request)
  }

  /** One that failed proved it again. */
  takeBack(request: string): void {
    this.#run(`update holder set state = 'held' where request = ? and state = 'failed'`, request)
    this.#recount(request)
  }

  /** Whoever was being asked when the node ended is to be told. */
  oweAsked(nowMs: number): void {
    this.#run(`update holder set state = 'owed', next = ? where state = 'asked'`, nowMs)
  }

  /** This node's own copy counts, or does not any more, for all that ask for the same of a holder. */
  setOwnOf(
    { placement, minimumStake }: Pick<Retention, 'placement' | 'minimumStake'>,
    own: boolean,
  ) {
    const where = `where state = 'kept' and places = ? and stake = ?`
    const values = [JSON.stringify(placement), String(minimumStake)]
    this.#run(`update placement set own = ? ${where}`, Number(own), ...values)
    this.#run(`update placement set short = ${shortSql} ${where}`, ...values)
  }

  /** What is asked of holders, each once. */
  demands(): Pick<Retention, 'placement' | 'minimumStake'>[] {
    const sql = `select distinct places, stake from placement where state = 'kept'`
    const rows = this.#database.prepare(sql).all()
    return rows.map(({ places, stake }) => ({
      placement: JSON.parse(String(places)),
      minimumStake: BigInt(String(stake)),
    }))
  }

  /** A keeper is no holder any more: it is to be told so. */
  owe(request: string, nextMs: number): void {
    this.#run(`update holder set state = 'owed', next = ? where request = ?`, nextMs, request)
    this.#recount(request)
  }

  /** A keeper was told. */
  forget(request: string): void {
    this.#run('delete from holder where request = ?', request)
  }

  /** The item itself is kept: from here on its copies are promised. */
  settle(id: string): void {
    this.#asOne(() => {
      this.#run(`update placement set state = 'kept' where item = ?`, id)
      this.#recountItem(id)
    })
  }

  /** A missing copy is looked for again then. */
  retry(id: string, nextMs: number): void {
    this.#run('update placement set next = ? where item = ?', nextMs, id)
  }

  /** Gives an item up as one step: whoever was asked is to be told. */
  drop(id: string, nowMs: number): void {
    this.#asOne(() => {
      this.#run(`update holder set state = 'owed', next = ? where item = ?`, nowMs, id)
      this.#run('delete from placement where item = ?', id)
    })
  }

  /** Forgets what was promised until a time that is over; keepers forget it by themselves. */
  prune(nowMs: number): void {
    this.#run('delete from holder where until <= ?', nowMs)
    this.#run('delete from placement where until <= ?', nowMs)
  }

  find(id: string): Placement | undefined {
    return this.#placements('item = ?', id)[0]
  }

  /** What was promised of this data. */
  ofData({ dataRoot, sizeBytes }: StoredData): Placement | undefined {
    return this.#placements(
      `root = ? and size = ? and state = 'kept' limit 1`,
      dataRoot,
      sizeBytes,
    )[0]
  }

  unsettled(): Placement[] {
    return this.#placements(`state = 'placing'`)
  }

  /** Items that lack copies, to be looked after by now. */
  short(nowMs: number, limit: number): Placement[] {
    const where = `short > 0 and state = 'kept' and next <= ? order by next limit ?`
    return this.#placements(where, nowMs, limit)
  }

  holders(item: string): Holder[] {
    return this.#holders('item = ? order by since, request', item)
  }

  /** Holders in a state whose time has come. */
  due(state: 'held' | 'failed' | 'owed', nowMs: number, limit: number): Holder[] {
    return this.#holders('state = ? and next <= ? order by next limit ?', state, nowMs, limit)
  }

  /** Items promised, those short of copies, and keepers still to be told. */
  counts(): { readonly promised: number; readonly short: number; readonly owed: number } {
    const count = (sql: string) => Number(this.#database.prepare(sql).get()?.n)
    return {
      promised: count(`select count(*) as n from placement where state = 'kept'`),
      short: count(`select count(*) as n from placement where short > 0`),
      owed: count(`select count(*) as n from holder where state = 'owed'`),
    }
  }

  /** All writes of `run`, or none. */
  #asOne(run: () => void): void {
    this.#database.exec('begin immediate')
    try {
      run()
      this.#database.exec('commit')
    } catch (error) {
      this.#database.exec('rollback')
      throw error
    }
  }

  #recount(request: string): void {
    const row = this.#database.prepare('select item from holder where request = ?').get(request)
    if (row !== undefined) this.#recountItem(String(row.item))
  }

  #recountItem(id: string): void {
    this.#run(`update placement set short = ${shortSql} where item = ? and state = 'kept'`, id)
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#database.prepare(sql).run(...values)
  }

  #placements(where: string, ...values: SQLInputValue[]): Placement[] {
    const rows = this.#database.prepare(`select * from placement where ${where}`).all(...values)
    return rows.map(placementOf)
  }

  #holders(where: string, ...values: SQLInputValue[]): Holder[] {
    const rows = this.#database.prepare(`select * from holder where ${where}`).all(...values)
    return rows.map(holderOf)
  }
}

type Row = Readonly<Record<string, unknown>>

/** Rows are what this file wrote: their types are the tables'. */
function placementOf(row: Row): Placement {
  return {
    id: String(row.item),
    header: row.header instanceof Uint8Array ? row.header : new Uint8Array(0),
    data: { dataRoot: String(row.root), sizeBytes: Number(row.size) },
    retention: {
      ...(row.until === null ? {} : { untilMs: Number(row.until) }),
      copies: Number(row.copies),
      placement: JSON.parse(String(row.places)),
      minimumStake: BigInt(String(row.stake)),
    },
    own: row.own === 1,
    state: row.state === 'kept' ? 'kept' : 'placing',
    short: Number(row.short),
  }
}

function holderOf(row: Row): Holder {
  const { state } = row
  return {
    request: String(row.request),
    item: String(row.item),
    keeper: { address: String(row.keeper), url: String(row.url) },
    state: state === 'held' || state === 'failed' || state === 'owed' ? state : 'asked',
    sinceMs: Number(row.since),
    provenMs: Number(row.proven),
    failures: Number(row.failures),
    error: row.error === null ? undefined : String(row.error),
  }
}
