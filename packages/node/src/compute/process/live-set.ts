import type { HostedProcess } from './hosted-process.ts'

type Bounds = {
  /** Live processes at most, and what they may take together, bytes. */
  readonly processesMax: number
  readonly bytesMax: number
  /** What else takes of that now, bytes: models. */
  readonly besides?: () => number
}

/** A process nothing is known of is taken to need this much. */
const unknownBytes = 1024 * 1024
/** Batches a busy process may run before it has to make room for one that waits. */
const residenceBatches = 8

type Seat = { bytes: number; batches: number; leaving: boolean }

/**
 * The processes that are live, least recently used first, and the one budget they share. Some room
 * (an eighth) is kept free ahead of time, so that who wakes need not wait until another sleeps.
 */
export class LiveSet {
  readonly #bounds: Bounds
  readonly #seats = new Map<HostedProcess, Seat>()
  #bytes = 0
  #leaving = 0
  #leavingBytes = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#seats.size
  }

  get bytes(): number {
    return this.#bytes
  }

  /** None may join now. A process larger than all of the budget is let in alone. */
  get isFull(): boolean {
    const { processesMax, bytesMax } = this.#bounds
    if (this.#seats.size >= processesMax) return true
    return this.#seats.size > 0 && this.#bytes + this.#besides >= bytesMax
  }

  /** Some should leave, beside those that are on their way. */
  get isCrowded(): boolean {
    const { processesMax, bytesMax } = this.#bounds
    const stay = this.#seats.size - this.#leaving
    const bytes = this.#bytes + this.#besides - this.#leavingBytes
    return stay > 1 && (stay > roomy(processesMax) || bytes > roomy(bytesMax))
  }

  get #besides(): number {
    return this.#bounds.besides?.() ?? 0
  }

  join(process: HostedProcess): void {
    const bytes = process.footprint?.memoryBytes ?? unknownBytes
    this.#seats.set(process, { bytes, batches: 0, leaving: false })
    this.#bytes += bytes
  }

  /** It was used: it is the last to leave. */
  touch(process: HostedProcess): void {
    const seat = this.#seats.get(process)
    if (seat === undefined) return
    seat.batches++
    this.#seats.delete(process)
    this.#seats.set(process, seat)
  }

  /** Counts what it takes now. */
  measure(process: HostedProcess): void {
    const seat = this.#seats.get(process)
    const bytes = process.footprint?.memoryBytes
    if (seat === undefined || bytes === undefined) return
    this.#bytes += bytes - seat.bytes
    if (seat.leaving) this.#leavingBytes += bytes - seat.bytes
    seat.bytes = bytes
  }

  /**
   * Who should leave: the least recently used with nothing to do; where all are busy and others
   * wait, one that had its time.
   */
  victim(othersWait: boolean): HostedProcess | undefined {
    let busy: HostedProcess | undefined
    for (const [process, seat] of this.#seats) {
      if (seat.leaving || process.thread === undefined) continue
      if (!process.evaluating && process.lane.idle) return process
      if (process.evaluating && seat.batches >= residenceBatches) busy ??= process
    }
    return othersWait ? busy : undefined
  }

  leaving(process: HostedProcess): void {
    const seat = this.#seats.get(process)
    if (seat === undefined || seat.leaving) return
    seat.leaving = true
    this.#leaving++
    this.#leavingBytes += seat.bytes
  }

  /** Tells whether it was there. */
  leave(process: HostedProcess): boolean {
    const seat = this.#seats.get(process)
    if (seat === undefined) return false
    this.#seats.delete(process)
    this.#bytes -= seat.bytes
    if (seat.leaving) {
      this.#leaving--
      this.#leavingBytes -= seat.bytes
    }
    return true
  }
}

function roomy(max: number): number {
  return max - Math.floor(max / 8)
}
