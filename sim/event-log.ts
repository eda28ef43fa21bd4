import { createHash } from 'node:crypto'
import type { VirtualTime } from './virtual-time.ts'

/** A promise that was broken, and after which event. */
export type Violation = { readonly what: string; readonly event: number }

/** What happened, in order. Two runs of one seed write the same lines, byte for byte. */
export class EventLog {
  readonly lines: string[] = []
  readonly violations: Violation[] = []
  readonly #time: VirtualTime
  readonly #startMs: number

  constructor(time: VirtualTime) {
    this.#time = time
    this.#startMs = time.nowMs
  }

  add(what: string): void {
    const atMs = (this.#time.nowMs - this.#startMs).toFixed(3)
    this.lines.push(`${this.lines.length} ${atMs} ${what}`)
  }

  violate(what: string): void {
    this.violations.push({ what, event: this.lines.length })
    this.add(`VIOLATION ${what}`)
  }

  digest(): string {
    return createHash('sha256').update(this.lines.join('\n')).digest('hex')
  }
}
