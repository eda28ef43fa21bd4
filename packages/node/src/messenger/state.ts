import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { errorMessage } from '@heddle/protocol/base'
import type { Cancel, Timer } from '../runtime/index.ts'
import { stateUnusable } from './errors.ts'

const version = 1

/**
 * `letters` holds what could not be delivered at once; a letter that went through leaves no row (one
 * kept for a wallet does). `lanes` has a row per (sender, receiver) with pending letters: when to try.
 */
const schema = `
  CREATE TABLE cursors (process TEXT PRIMARY KEY, slot INTEGER NOT NULL) WITHOUT ROWID, STRICT;
  CREATE TABLE letters (
    process TEXT NOT NULL, slot INTEGER NOT NULL, ordinal INTEGER NOT NULL, part INTEGER NOT NULL,
    epoch INTEGER NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL, message TEXT, assign TEXT,
    state TEXT NOT NULL, attempts INTEGER NOT NULL, first_ms INTEGER NOT NULL,
    next_ms INTEGER NOT NULL, error TEXT,
    PRIMARY KEY (process, slot, ordinal, part)
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX letters_lane ON letters (process, target, slot, ordinal, part)
    WHERE state = 'pending';
  CREATE INDEX letters_state ON letters (state, process, slot, ordinal, part);
  CREATE TABLE signed (
    process TEXT NOT NULL, slot INTEGER NOT NULL, ordinal INTEGER NOT NULL, part INTEGER NOT NULL,
    item BLOB NOT NULL, PRIMARY KEY (process, slot, ordinal, part)
  ) STRICT;
  CREATE TABLE lanes (
    process TEXT NOT NULL, target TEXT NOT NULL, next_ms INTEGER NOT NULL,
    PRIMARY KEY (process, target)
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX lanes_due ON lanes (next_ms);
  CREATE TABLE ticks (
    process TEXT NOT NULL, ordinal INTEGER NOT NULL, unit TEXT NOT NULL,
    last INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (process, ordinal)
  ) WITHOUT ROWID, STRICT;
  CREATE INDEX ticks_due ON ticks (unit, next);
  CREATE TABLE places (
    scheduler TEXT PRIMARY KEY, url TEXT NOT NULL, expires_ms INTEGER NOT NULL
  ) WITHOUT ROWID, STRICT;
  PRAGMA user_version = ${version};
`

/**
 * The state file with one open transaction that everything is written into. It is committed after
 * `commitDelayMs`, or sooner where a caller waits for `durable`. Whatever a commit holds is one step, so
 * a cursor never outruns the letters it leaves behind, and losing the open one only re-sends.
 */
export class State {
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #timer: Timer
  readonly #commitDelayMs: number
  readonly #statements = new Map<string, StatementSync>()
  readonly #beforeCommit: (() => void)[] = []
  #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = []
  #cancel: Cancel | undefined
  #cancelSoon: Cancel | undefined
  #closed = false
  #onFailure: (error: unknown) => void = () => undefined

  constructor(path: string, timer: Timer, commitDelayMs: number) {
    this.#path = path
    this.#timer = timer
    this.#commitDelayMs = commitDelayMs
    this.#database = openDatabase(path)
  }

  /** Called once for a failed write or commit: all since the last commit is undone. */
  set onFailure(listener: (error: unknown) => void) {
    this.#onFailure = listener
  }

  /** Adds last writes to every transaction, just before its commit. */
  onCommit(write: () => void): void {
    this.#beforeCommit.push(write)
  }

  /** Forgets the listeners of a courier that is replaced. */
  forgetListeners(): void {
    this.#beforeCommit.length = 0
  }

  /** Runs one writing statement within the open transaction; gives the number of rows changed. */
  write(sql: string, ...values: (string | number | null | Uint8Array)[]): number {
    if (this.#closed) return 0
    try {
      if (!this.#database.isTransaction) this.#database.exec('BEGIN IMMEDIATE')
      const { changes } = this.#prepared(sql).run(...values)
      this.touch()
      return Number(changes)
    } catch (error) {
      this.#fail(error)
      throw stateUnusable(this.#path, errorMessage(error), error)
    }
  }

  /** Rows of a reading statement; it sees what is not committed yet. */
  all(sql: string, ...values: (string | number)[]): Record<string, unknown>[] {
    return this.#closed ? [] : this.#read(() => this.#prepared(sql).all(...values))
  }

  get(sql: string, ...values: (string | number)[]): Record<string, unknown> | undefined {
    return this.#closed ? undefined : this.#read(() => this.#prepared(sql).get(...values))
  }

  /** Makes sure a commit comes. */
  touch(): void {
    if (this.#closed) return
    this.#cancel ??= this.#timer.after(this.#commitDelayMs, () => this.commit())
  }

  /** Resolves when all written so far is on the disk. Callers of one turn share a commit. */
  durable(): Promise<void> {
    if (this.#closed) return Promise.reject(stateUnusable(this.#path, 'it is closed'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#cancelSoon ??= this.#timer.after(0, () => this.commit())
    })
  }

  commit(): void {
    this.#forgetAlarms()
    if (this.#closed) return
    const waiting = this.#waiting
    this.#waiting = []
    try {
      for (const write of this.#beforeCommit) write()
      if (this.#database.isTransaction) this.#database.exec('COMMIT')
      // The last writes asked for another commit; there is nothing left for it.
      this.#forgetAlarms()
    } catch (error) {
      this.#waiting.push(...waiting)
      this.#fail(error)
      return
    }
    for (const { resolve } of waiting) resolve()
  }

  close(): void {
    if (this.#closed) return
    this.commit()
    this.#closed = true
    this.#database.close()
  }

  #forgetAlarms(): void {
    this.#cancel?.()
    this.#cancelSoon?.()
    this.#cancel = undefined
    this.#cancelSoon = undefined
  }

  #read<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      this.#fail(error)
      throw stateUnusable(this.#path, errorMessage(error), error)
    }
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #fail(error: unknown): void {
    try {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
    } catch {
      // SQLite had undone it already.
    }
    const failure = stateUnusable(this.#path, errorMessage(error), error)
    for (const { reject } of this.#waiting.splice(0)) reject(failure)
    this.#onFailure(error)
  }
}

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync
  try {
    database = new DatabaseSync(path)
    database.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 2000',
    )
  } catch (error) {
    throw stateUnusable(
      path,
      `${errorMessage(error)}. Check the folder, or move the file away`,
      error,
    )
  }
  const found = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0)
  if (found > version) {
    database.close()
    throw stateUnusable(
      path,
      `it is of version ${found}, this node knows ${version}. Use a newer node`,
    )
  }
  if (found === 0) database.exec(`BEGIN; ${schema} COMMIT`)
  return database
}
