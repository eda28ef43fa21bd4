import type { Letter, LetterKind } from './letters.ts'
import type { AssignOptions } from './ports.ts'
import type { State } from './state.ts'

type LetterState = 'pending' | 'dead' | 'kept'

/** A letter that has a row. Times in milliseconds since 1970. */
export type StoredLetter = Letter & {
  readonly state: LetterState
  readonly attempts: number
  readonly firstMs: number
  readonly nextMs: number
  readonly error: string | undefined
}

type Fate = { state: LetterState; attempts: number; nowMs: number; nextMs: number; error?: string }

const byName = 'process = ? AND slot = ? AND ordinal = ? AND part = ?'
const inOrder = 'ORDER BY slot, ordinal, part'

/** The letters and lanes of a state file. Every write joins its open transaction. */
export class LetterTable {
  readonly #state: State
  #pending: number

  constructor(state: State) {
    this.#state = state
    const row = state.get("SELECT count(*) AS letters FROM letters WHERE state = 'pending'")
    this.#pending = Number(row?.letters ?? 0)
  }

  /** Number of pending letters, all lanes together. */
  get pending(): number {
    return this.#pending
  }

  /** Adds a letter unless it has a row already; true where it was added. */
  add(letter: Letter, fate: Fate): boolean {
    const added = this.#state.write(
      'INSERT OR IGNORE INTO letters VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)',
      ...[letter.processId, letter.slot, letter.index, letter.part, letter.epoch, letter.kind],
      ...[letter.target, letter.messageId ?? null],
      letter.assign === undefined ? null : JSON.stringify(letter.assign),
      ...[fate.state, fate.attempts, fate.nowMs, fate.nextMs, fate.error ?? null],
    )
    if (added > 0 && fate.state === 'pending') this.#pending++
    return added > 0
  }

  /** Changes a pending letter's fate. */
  update(letter: Letter, fate: Omit<Fate, 'nowMs'>): void {
    const changed = this.#state.write(
      `UPDATE letters SET state = ?, attempts = ?, next_ms = ?, error = ?
       WHERE ${byName} AND state = 'pending'`,
      ...[fate.state, fate.attempts, fate.nextMs, fate.error ?? null],
      ...nameOf(letter),
    )
    if (changed > 0 && fate.state !== 'pending') this.#pending--
  }

  /** Takes a delivered letter off. */
  remove(letter: Letter): void {
    const removed = this.#state.write(
      `DELETE FROM letters WHERE ${byName} AND state = 'pending'`,
      ...nameOf(letter),
    )
    this.#state.write(`DELETE FROM signed WHERE ${byName}`, ...nameOf(letter))
    if (removed > 0) this.#pending--
  }

  /** Makes dead letters pending again. */
  revive(dead: readonly Letter[], nowMs: number): void {
    for (const letter of dead) {
      this.#pending += this.#state.write(
        `UPDATE letters SET state = 'pending', attempts = 0, first_ms = ?, next_ms = ?
         WHERE ${byName} AND state = 'dead'`,
        ...[nowMs, nowMs],
        ...nameOf(letter),
      )
    }
  }

  /** First pending letter of a lane. */
  first(processId: string, target: string): StoredLetter | undefined {
    const row = this.#state.get(
      `SELECT * FROM letters WHERE process = ? AND target = ? AND state = 'pending' ${inOrder} LIMIT 1`,
      processId,
      target,
    )
    return row === undefined ? undefined : letterOf(row)
  }

  find(letter: Letter): StoredLetter | undefined {
    const row = this.#state.get(`SELECT * FROM letters WHERE ${byName}`, ...nameOf(letter))
    return row === undefined ? undefined : letterOf(row)
  }

  /** Letters in a state, of one process (or one of its slots) or of all, in order. */
  list(query: {
    processId?: string
    slot?: number
    state: LetterState
    limit: number
  }): StoredLetter[] {
    const { processId, slot, state, limit } = query
    const rows = this.#state.all(
      `SELECT * FROM letters WHERE state = ?
       ${processId === undefined ? '' : 'AND process = ?'} ${slot === undefined ? '' : 'AND slot = ?'}
       ORDER BY process, slot, ordinal, part LIMIT ?`,
      ...[state, processId, slot, limit].filter((value) => value !== undefined),
    )
    return rows.map(letterOf)
  }

  count(processId: string, state: LetterState): number {
    const row = this.#state.get(
      'SELECT count(*) AS letters FROM letters WHERE process = ? AND state = ?',
      processId,
      state,
    )
    return Number(row?.letters ?? 0)
  }

  /** Bytes of the item once signed for a letter: a key that signs at random must not sign twice. */
  signedItem(letter: Letter): Uint8Array | undefined {
    const row = this.#state.get(`SELECT item FROM signed WHERE ${byName}`, ...nameOf(letter))
    return row?.item instanceof Uint8Array ? row.item : undefined
  }

  keepSigned(letter: Letter, bytes: Uint8Array): void {
    this.#state.write('INSERT OR IGNORE INTO signed VALUES (?,?,?,?,?)', ...nameOf(letter), bytes)
  }

  /** Sets when a lane is tried. With `ifNew` an alarm that is set stays; true where it was set. */
  setAlarm(processId: string, target: string, nextMs: number, ifNew = false): boolean {
    const onConflict = ifNew ? 'DO NOTHING' : 'DO UPDATE SET next_ms = excluded.next_ms'
    const sql = `INSERT INTO lanes VALUES (?,?,?) ON CONFLICT (process, target) ${onConflict}`
    return this.#state.write(sql, processId, target, nextMs) > 0
  }

  dropAlarm(processId: string, target: string): void {
    this.#state.write('DELETE FROM lanes WHERE process = ? AND target = ?', processId, target)
  }

  hasAlarm(processId: string, target: string): boolean {
    if (this.#pending === 0) return false
    const sql = 'SELECT 1 FROM lanes WHERE process = ? AND target = ?'
    return this.#state.get(sql, processId, target) !== undefined
  }

  /**
   * Lanes whose time has come, longest due first. One set later than `horizonMs` is due as well: no wait
   * is that long, so the clock was ahead when it was set.
   */
  due(nowMs: number, horizonMs: number, limit: number): { processId: string; target: string }[] {
    const sql = `SELECT process, target FROM lanes WHERE next_ms <= ? OR next_ms > ?
      ORDER BY next_ms LIMIT ?`
    const rows = this.#state.all(sql, nowMs, horizonMs, limit)
    return rows.map((row) => ({ processId: String(row.process), target: String(row.target) }))
  }

  /** Processes with a lane whose rows lie at or after their cursor. */
  unread(): string[] {
    const sql = `SELECT DISTINCT lanes.process FROM lanes
      LEFT JOIN cursors ON cursors.process = lanes.process
      WHERE (SELECT max(slot) FROM letters WHERE letters.process = lanes.process)
        >= coalesce(cursors.slot, 0)`
    return this.#state.all(sql).map((row) => String(row.process))
  }

  /** When the next lane after `nowMs` is due. */
  nextAlarm(nowMs: number): number | undefined {
    const sql = 'SELECT min(next_ms) AS next FROM lanes WHERE next_ms > ?'
    const next = this.#state.get(sql, nowMs)?.next
    return typeof next === 'number' ? next : undefined
  }

  /** First slot of a process not through; 0 where nothing is known of it. */
  cursor(processId: string): number {
    const row = this.#state.get('SELECT slot FROM cursors WHERE process = ?', processId)
    return Number(row?.slot ?? 0)
  }

  /** Highest slot of a process with a letter that has a row; -1 where there is none. */
  lastSlot(processId: string): number {
    const sql = 'SELECT max(slot) AS slot FROM letters WHERE process = ?'
    return Number(this.#state.get(sql, processId)?.slot ?? -1)
  }

  setCursor(processId: string, slot: number): void {
    this.#state.write(
      `INSERT INTO cursors VALUES (?,?) ON CONFLICT (process)
       DO UPDATE SET slot = excluded.slot WHERE excluded.slot > slot`,
      processId,
      slot,
    )
  }
}

function nameOf(letter: Letter): [string, number, number, number] {
  return [letter.processId, letter.slot, letter.index, letter.part]
}

function letterOf(row: Record<string, unknown>): StoredLetter {
  const { message, assign, error } = row
  return {
    processId: String(row.process),
    slot: Number(row.slot),
    index: Number(row.ordinal),
    part: Number(row.part),
    epoch: Number(row.epoch),
    kind: row.kind as LetterKind,
    target: String(row.target),
    ...(typeof message === 'string' ? { messageId: message } : {}),
    ...(typeof assign === 'string' ? { assign: JSON.parse(assign) as AssignOptions } : {}),
    state: row.state as LetterState,
    attempts: Number(row.attempts),
    firstMs: Number(row.first_ms),
    nextMs: Number(row.next_ms),
    error: typeof error === 'string' ? error : undefined,
  }
}
