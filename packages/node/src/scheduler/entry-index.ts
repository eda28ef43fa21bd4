import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import { assert, decodeBase64Url, encodeBase64Url } from '@heddle/protocol/base'
import type { Cancel, Timer } from '../runtime/index.ts'
import { indexBehind, indexFailed } from './errors.ts'
import type { SchedulerOptions } from './options.ts'

/** What the index knows of one slot. Ids are base64url. */
export type IndexRow = {
  readonly processId: string
  readonly slot: number
  readonly messageId: string
  readonly assignmentId: string
  readonly deliveryKey: string | undefined
}

type Place = { readonly processId: string; readonly slot: number }

type IndexLimits = Pick<SchedulerOptions, 'indexBatchRows' | 'indexDelayMs' | 'indexPendingMax'>

/** Processes whose keys are in memory, some hundred bytes each. */
const keysMax = 4096

/**
 * Finds the slot of an id. Rows are written behind, many in one transaction; those not yet written
 * are in memory, so a row is found as soon as `add` returns. The journal stays the truth: a lost
 * transaction only moves `head` back, from where catching up goes on.
 */
export class EntryIndex {
  readonly #database: DatabaseSync
  readonly #timer: Timer
  readonly #limits: IndexLimits
  readonly #statements: Record<'entry' | 'anyEntry' | 'delivery' | 'head' | 'key', StatementSync>
  /** Keys of the processes asked about last; a key never changes. */
  readonly #keys = new Map<string, number>()
  readonly #pending: IndexRow[] = []
  readonly #pendingIds = new Map<string, IndexRow[]>()
  readonly #pendingDeliveries = new Map<string, IndexRow>()
  readonly #pendingHeads = new Map<string, number>()
  #cancelFlush: Cancel | undefined
  #fault: unknown

  constructor(database: DatabaseSync, timer: Timer, limits: IndexLimits) {
    this.#database = database
    this.#timer = timer
    this.#limits = limits
    const slotIn = (table: string) =>
      database.prepare(`select slot from ${table} where id = ? and process = ?`)
    this.#statements = {
      entry: slotIn('entry'),
      delivery: slotIn('delivery'),
      anyEntry: database.prepare(
        'select p.id as process, e.slot as slot from entry e join process p on p.key = e.process ' +
          'where e.id = ? order by e.process limit 1',
      ),
      head: database.prepare('select head from process where id = ?'),
      key: database.prepare('select key from process where id = ?'),
    }
  }

  /** Slots of a process that are indexed; the next row must be for this slot. */
  head(processId: string): number {
    const pending = this.#pendingHeads.get(processId)
    if (pending !== undefined) return pending
    return numberOf(read(this.#statements.head, blobOf(processId))?.head) ?? 0
  }

  /** Slot of a message or assignment id within a process. */
  slotOf(processId: string, id: string): number | undefined {
    const pending = this.#pendingIds.get(id)?.find((row) => row.processId === processId)
    if (pending !== undefined) return pending.slot
    return this.#written(this.#statements.entry, processId, id)
  }

  /** A slot that holds this message or assignment id; of several processes the one known longest. */
  placeOf(id: string): Place | undefined {
    const row = read(this.#statements.anyEntry, blobOf(id))
    const slot = numberOf(row?.slot)
    if (slot !== undefined && row?.process instanceof Uint8Array) {
      return { processId: encodeBase64Url(row.process), slot }
    }
    const pending = this.#pendingIds.get(id)?.[0]
    return pending && { processId: pending.processId, slot: pending.slot }
  }

  /** Slot of a delivery within a process. */
  deliverySlot(processId: string, deliveryKey: string): number | undefined {
    const pending = this.#pendingDeliveries.get(processId + deliveryKey)
    if (pending !== undefined) return pending.slot
    return this.#written(this.#statements.delivery, processId, deliveryKey)
  }

  /** Adds a durable slot; rows of one process come in order of slot. */
  add(row: IndexRow): void {
    assert(row.slot === this.head(row.processId), `index rows of ${row.processId} are in order`)
    this.#pending.push(row)
    for (const id of new Set([row.messageId, row.assignmentId])) {
      const rows = this.#pendingIds.get(id)
      if (rows === undefined) this.#pendingIds.set(id, [row])
      else rows.push(row)
    }
    if (row.deliveryKey !== undefined) {
      this.#pendingDeliveries.set(row.processId + row.deliveryKey, row)
    }
    this.#pendingHeads.set(row.processId, row.slot + 1)
    const full = this.#pending.length >= this.#limits.indexBatchRows
    // A write that failed is tried again by the timer alone: a full disk must not slow every row.
    if (full && this.#fault === undefined) this.#flushOrWait()
    else this.#flushLater(this.#limits.indexDelayMs)
  }

  /** Throws `index-behind` (unavailable) while more rows wait than memory is meant to hold. */
  assertRoom(): void {
    if (this.#pending.length >= this.#limits.indexPendingMax) throw indexBehind(this.#fault)
  }

  /** Process ids with their indexed heads, as written: call after `flush`. */
  *heads(): Iterable<Place> {
    for (const row of this.#database.prepare('select id, head from process').iterate()) {
      const { id, head } = row
      assert(id instanceof Uint8Array && typeof head === 'number', 'index heads have their types')
      yield { processId: encodeBase64Url(id), slot: head }
    }
  }

  /** Writes what waits, in one transaction: all or nothing. Throws SQLite's error. */
  flush(): void {
    this.#cancelFlush?.()
    this.#cancelFlush = undefined
    if (this.#pending.length === 0) return
    this.#database.exec('begin immediate')
    try {
      this.#write()
      this.#database.exec('commit')
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('rollback')
      throw error
    }
    this.#fault = undefined
    this.#pending.length = 0
    this.#pendingIds.clear()
    this.#pendingDeliveries.clear()
    this.#pendingHeads.clear()
  }

  /** Writes what waits and closes; what cannot be written comes back from the journal at next open. */
  close(): void {
    try {
      this.flush()
    } catch (error) {
      this.#fault = error
    }
    this.#database.close()
  }

  #written(statement: StatementSync, processId: string, id: string): number | undefined {
    const key = this.#keyOf(processId)
    return key === undefined ? undefined : numberOf(read(statement, blobOf(id), key)?.slot)
  }

  #keyOf(processId: string): number | undefined {
    const known = this.#keys.get(processId)
    if (known !== undefined) return known
    const key = numberOf(read(this.#statements.key, blobOf(processId))?.key)
    if (key === undefined) return undefined
    if (this.#keys.size >= keysMax) this.#keys.clear()
    this.#keys.set(processId, key)
    return key
  }

  #write(): void {
    const upsert = this.#database.prepare(
      'insert into process (id, head) values (?, ?) ' +
        'on conflict (id) do update set head = excluded.head returning key',
    )
    const keys = new Map<string, number>()
    for (const [processId, head] of this.#pendingHeads) {
      const key = numberOf(upsert.get(blobOf(processId), head)?.key)
      assert(key !== undefined, 'an upsert returns its key')
      keys.set(processId, key)
    }
    const entry = this.#database.prepare('insert or ignore into entry values (?, ?, ?)')
    const delivery = this.#database.prepare('insert or ignore into delivery values (?, ?, ?)')
    for (const row of this.#pending) {
      const key = keys.get(row.processId)
      assert(key !== undefined, 'every pending row has a pending head')
      entry.run(blobOf(row.messageId), key, row.slot)
      entry.run(blobOf(row.assignmentId), key, row.slot)
      if (row.deliveryKey !== undefined) delivery.run(blobOf(row.deliveryKey), key, row.slot)
    }
  }

  #flushLater(delayMs: number): void {
    this.#cancelFlush ??= this.#timer.after(delayMs, () => this.#flushOrWait())
  }

  #flushOrWait(): void {
    try {
      this.flush()
    } catch (error) {
      this.#fault = error
      this.#flushLater(10 * this.#limits.indexDelayMs)
    }
  }
}

function blobOf(id: string): Uint8Array {
  const bytes = decodeBase64Url(id)
  assert(bytes?.length === 32, `${id} is 32 bytes as base64url`)
  return bytes
}

/** The row a statement finds. Throws `index-failed` (internal) where the file is damaged. */
function read(
  statement: StatementSync,
  ...values: SQLInputValue[]
): Record<string, SQLOutputValue> | undefined {
  try {
    return statement.get(...values)
  } catch (cause) {
    throw indexFailed(cause)
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
