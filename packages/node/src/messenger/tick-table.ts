import type { State } from './state.ts'

type TickRow = { readonly ordinal: number; readonly last: number }

/** The monitored processes of a state file: per interval the last tick done and the next one due. */
export class TickTable {
  readonly #state: State

  constructor(state: State) {
    this.#state = state
  }

  /** `last` and `next` are milliseconds, or heights for unit `block`. A row that is there stays. */
  add(processId: string, ordinal: number, unit: string, last: number, next: number): void {
    const sql = 'INSERT OR IGNORE INTO ticks VALUES (?,?,?,?,?)'
    this.#state.write(sql, processId, ordinal, unit, last, next)
  }

  move(processId: string, ordinal: number, last: number, next: number): void {
    const sql = 'UPDATE ticks SET last = ?, next = ? WHERE process = ? AND ordinal = ?'
    this.#state.write(sql, last, next, processId, ordinal)
  }

  remove(processId: string): void {
    this.#state.write('DELETE FROM ticks WHERE process = ?', processId)
  }

  has(processId: string): boolean {
    return this.#state.get('SELECT 1 FROM ticks WHERE process = ?', processId) !== undefined
  }

  rows(processId: string): TickRow[] {
    const sql = 'SELECT ordinal, last FROM ticks WHERE process = ? ORDER BY ordinal'
    const rows = this.#state.all(sql, processId)
    return rows.map((row) => ({ ordinal: Number(row.ordinal), last: Number(row.last) }))
  }

  /** Processes with a tick due, longest due first. */
  due(nowMs: number, height: number, limit: number): string[] {
    const sql = `SELECT process, min(next) AS next FROM ticks WHERE unit = ? AND next <= ?
      GROUP BY process ORDER BY next LIMIT ?`
    const rows = [
      ...this.#state.all(sql, 'block', height, limit),
      ...this.#state.all(sql, 'time', nowMs, limit),
    ]
    return [...new Set(rows.map((row) => String(row.process)))]
  }

  /** When the next tick after `nowMs` is due, of those counted in time. */
  nextMs(nowMs: number): number | undefined {
    const sql = "SELECT min(next) AS next FROM ticks WHERE unit = 'time' AND next > ?"
    const next = this.#state.get(sql, nowMs)?.next
    return typeof next === 'number' ? next : undefined
  }

  durable(): Promise<void> {
    return this.#state.durable()
  }
}
