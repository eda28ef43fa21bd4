import { slotNotCertified } from './errors.ts'
import { type LogCertifierOptions, logCertifierDefaults } from './options.ts'
import { encodePart, entryBytes } from './part.ts'
import type { LogCertifierDeps } from './ports.ts'
import { type CertifiedRangeJson, decodeRange, encodeRange, rangeToJson } from './range.ts'

/** Certified ranges of a process, from the first asked for. */
export type LogAvailability = {
  readonly process: string
  /** Next free slot, and the next that is not certified. */
  readonly head: number
  readonly certifiedTo: number
  readonly ranges: readonly CertifiedRangeJson[]
  /** Number of the first range of the next page; undefined where this is the last. */
  readonly next: number | undefined
}

type Waiter = {
  readonly slot: number
  settle(error?: unknown): void
}

/** A certified process. */
type Follower = {
  readonly processId: string
  certifiedTo: number
  /** Ranges in the journal, and the record of the newest. */
  ranges: number
  newest: Uint8Array
  readonly waiters: Set<Waiter>
  isQueued: boolean
  /** Why the last try failed. */
  cause: unknown
  failures: number
}

/** Publishes logs of certified processes, in order, and keeps who waits for it until it is done. */
export class LogCertifier {
  readonly #deps: LogCertifierDeps
  readonly #options: LogCertifierOptions
  /** What is known of a process; null where it asks for no certificates. */
  readonly #followers = new Map<string, Follower | null>()
  readonly #queue: Follower[] = []
  readonly #running = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  #waiting = 0

  /** Begins with what earlier lives left uncertified. */
  constructor(deps: LogCertifierDeps, given: Partial<LogCertifierOptions> = {}) {
    this.#deps = deps
    this.#options = { ...logCertifierDefaults, ...given }
    deps.log.onScheduled((processId) => this.#notice(processId))
    this.#hold(this.#catchUp())
  }

  /**
   * Resolves once this durable slot and all before it are certified; undefined where the process asks
   * for no certificates. Rejects with `slot-not-certified` where it takes too long.
   */
  certified(processId: string, slot: number): Promise<void> | undefined {
    const follower = this.#followers.get(processId)
    if (follower === null) return undefined
    if (follower !== undefined) return this.#wait(follower, slot)
    return this.#learn(processId).then((known) => (known ? this.#wait(known, slot) : undefined))
  }

  /** Ranges by number, from `fromRange`, at most `limit`. */
  async availability(processId: string, fromRange: number, limit: number) {
    const { journal, log } = this.#deps
    const known = this.#followers.get(processId) ?? (await this.#learn(processId))
    const records = await journal.read(processId, fromRange, limit)
    const end = fromRange + records.length
    return {
      process: processId,
      head: log.head(processId),
      certifiedTo: known?.certifiedTo ?? 0,
      ranges: records.map(({ bytes }) => rangeToJson(decodeRange(bytes))),
      next: records.length > 0 && end < journal.head(processId) ? end : undefined,
    } satisfies LogAvailability
  }

  /** Lets go of who waits; what is not certified is at the next start. */
  async close(): Promise<void> {
    this.#stop.abort(new Error('the node is shutting down'))
    for (const follower of this.#followers.values()) {
      for (const { settle, slot } of follower?.waiters ?? []) {
        settle(slotNotCertified(follower?.processId ?? '', slot, this.#stop.signal.reason))
      }
    }
    await Promise.allSettled(this.#running)
  }

  async #catchUp(): Promise<void> {
    for (const processId of this.#deps.log.processes()) {
      if (this.#stop.signal.aborted) return
      const follower = this.#followers.get(processId) ?? (await this.#learn(processId))
      if (follower) this.#enqueue(follower)
    }
  }

  #notice(processId: string): void {
    const follower = this.#followers.get(processId)
    if (follower) this.#enqueue(follower)
    else if (follower === undefined) {
      this.#hold(
        this.#learn(processId).then((known) => {
          if (known) this.#enqueue(known)
        }),
      )
    }
  }

  async #learn(processId: string): Promise<Follower | null> {
    const { journal } = this.#deps
    if (!this.#options.isForAll && !(await this.#asks(processId))) {
      this.#followers.set(processId, null)
      return null
    }
    const ranges = journal.head(processId)
    const [last] = ranges === 0 ? [] : await journal.read(processId, ranges - 1, 1)
    const known = this.#followers.get(processId)
    if (known) return known
    const newest = last?.bytes ?? new Uint8Array(0)
    const follower: Follower = {
      processId,
      certifiedTo: last === undefined ? 0 : decodeRange(last.bytes).toSlot,
      ranges,
      newest,
      waiters: new Set(),
      isQueued: false,
      cause: undefined,
      failures: 0,
    }
    this.#followers.set(processId, follower)
    return follower
  }

  async #asks(processId: string): Promise<boolean> {
    const [spawn] = await this.#deps.log.entries(processId, 0, 1)
    return spawn?.message !== undefined && this.#deps.asks(spawn.message)
  }

  #wait(follower: Follower, slot: number): Promise<void> | undefined {
    const { processId, waiters } = follower
    if (slot < follower.certifiedTo) return undefined
    if (this.#stop.signal.aborted) {
      return Promise.reject(slotNotCertified(processId, slot, this.#stop.signal.reason))
    }
    if (this.#waiting >= this.#options.waitersMax) {
      return Promise.reject(slotNotCertified(processId, slot, follower.cause))
    }
    const outcome = Promise.withResolvers<void>()
    const late = () => waiter.settle(slotNotCertified(processId, slot, follower.cause))
    const cancel = this.#deps.runtime.timer.after(this.#options.waitMs, late)
    const waiter: Waiter = {
      slot,
      settle: (error) => {
        cancel()
        if (waiters.delete(waiter)) this.#waiting--
        if (error === undefined) outcome.resolve()
        else outcome.reject(error)
      },
    }
    waiters.add(waiter)
    this.#waiting++
    this.#enqueue(follower)
    return outcome.promise
  }

  #enqueue(follower: Follower): void {
    if (follower.isQueued || this.#stop.signal.aborted) return
    if (follower.certifiedTo >= this.#deps.log.head(follower.processId)) return
    follower.isQueued = true
    this.#queue.push(follower)
    this.#fill()
  }

  #fill(): void {
    while (this.#running.size < this.#options.partsMax) {
      const follower = this.#queue.shift()
      if (follower === undefined) return
      this.#hold(this.#work(follower))
    }
  }

  #hold(work: Promise<void>): void {
    const held = work
      .catch((error: unknown) => this.#deps.warn({ error }, 'logs could not be certified'))
      .then(() => {
        this.#running.delete(held)
        this.#fill()
      })
    this.#running.add(held)
  }

  /** One part; what came meanwhile goes behind what waits. */
  async #work(follower: Follower): Promise<void> {
    try {
      await this.#certifyNext(follower)
      follower.failures = 0
      follower.cause = undefined
    } catch (error) {
      if (this.#stop.signal.aborted) return
      follower.cause = error
      this.#retryLater(follower, error)
      return
    }
    follower.isQueued = false
    this.#enqueue(follower)
  }

  #retryLater(follower: Follower, error: unknown): void {
    const { retryMsMax, retryMsMin } = this.#options
    const { processId, certifiedTo, failures } = follower
    const delayMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures, 16))
    follower.failures++
    this.#deps.warn({ processId, certifiedTo, delayMs, error }, 'slots are not certified yet')
    this.#deps.runtime.timer.after(delayMs, () => {
      follower.isQueued = false
      this.#enqueue(follower)
    })
  }

  async #certifyNext(follower: Follower): Promise<void> {
    const { certificates, epoch, journal, publisher } = this.#deps
    const { processId, certifiedTo } = follower
    const entries = await this.#nextEntries(follower)
    const { retentionSeconds } = this.#options
    const parts = encodePart(processId, entries, follower.newest)
    const published = publisher.publish(parts, { retentionSeconds })
    const { certificate, fromByte, toByte } = await unlessStopped(published, this.#stop.signal)
    const toSlot = certifiedTo + entries.length
    this.#deps.onPublished?.(processId, certifiedTo, toSlot)
    await certificates.keep(certificate)
    const range = { fromSlot: certifiedTo, toSlot, fromByte, toByte, certificate }
    const record = encodeRange(range)
    await journal.append(processId, follower.ranges, epoch, [record])
    follower.ranges++
    follower.newest = record
    follower.certifiedTo = toSlot
    for (const { slot, settle } of follower.waiters) if (slot < toSlot) settle()
    this.#deps.onCertified?.(processId, certifiedTo, toSlot)
  }

  async #nextEntries({ processId, certifiedTo }: Follower) {
    const { partBytes, partEntries } = this.#options
    const entries = await this.#deps.log.entries(processId, certifiedTo, partEntries)
    let [count, bytes] = [0, 0]
    for (const entry of entries) {
      if (bytes >= partBytes) break
      bytes += entryBytes(entry)
      count++
    }
    return entries.slice(0, count)
  }
}

function unlessStopped<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
