import type { State } from './state.ts'

/** `next` is 0 where it is to be reckoned anew. */
type TickRow = { readonly ordinal: number; readonly last: number; readonly next: number }

/** The monitored processes of a state file: per interval the furthest tick done and the next one due. */
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

  /** A tick was done; `last` never falls. */
  move(processId: string, ordinal: number, done: number, next: number): void {
    const sql = 'UPDATE ticks SET last = max(last, ?), next = ? WHERE process = ? AND ordinal = ?'
    this.#state.write(sql, done, next, processId, ordinal)
  }

  /** Has ticks that wait for a time beyond `nowMs`, though one beyond it was done, reckoned anew. */
  turnBack(nowMs: number): { readonly processes: number; readonly furthestMs: number } | undefined {
    const where = "WHERE unit = 'time' AND last > ? AND next > ?"
    const found = `SELECT count(DISTINCT process) AS processes, max(last) AS furthest FROM ticks ${where}`
    const row = this.#state.get(found, nowMs, nowMs)
    const processes = Number(row?.processes ?? 0)
    if (processes === 0) return undefined
    this.#state.write(`UPDATE ticks SET next = 0 ${where}`, nowMs, nowMs)
    return { processes, furthestMs: Number(row?.furthest) }
  }

  remove(processId: string): void {
    this.#state.write('DELETE FROM ticks WHERE process = ?', processId)
  }

  has(processId: string): boolean {
    return this.#state.get('SELECT 1 FROM ticks WHERE process = ?', processId) !== undefined
  }

  rows(processId: string): TickRow[] {
    const sql = 'SELECT ordinal, last, next FROM ticks WHERE process = ? ORDER BY ordinal'
    const rows = this.#state.all(sql, processId)
    const number = (value: unknown) => Number(value)
    return rows.map(({ ordinal, last, next }) => ({
      ordinal: number(ordinal),
      last: number(last),
      next: number(next),
    }))
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
