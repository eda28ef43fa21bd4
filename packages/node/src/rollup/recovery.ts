import { encodeBase64Url, errorMessage, isHeddleError } from '@heddle/protocol/base'
import { parseItem, tagValue } from '@heddle/protocol/item'
import { adoptRollup, type FetchItem } from './adopt-rollup.ts'
import { type Check, checkResults } from './check.ts'
import {
  logHosted,
  recoveryRunning,
  recoveryUnknown,
  rollupClosed,
  rollupInvalid,
  rollupMissing,
  schedulerAmbiguous,
} from './errors.ts'
import type { Hosting } from './hosting.ts'
import type { RollupOptions } from './options.ts'
import type { RecoveryDeps } from './ports.ts'
import type { Attested } from './read-rollup.ts'
import { fetchData, fetchItemBytes, type Listed, listRollups } from './source.ts'

/** What a recovery came to. */
export type RecoveryReport = Check & {
  readonly process: string
  readonly scheduler: string
  readonly slots: number
  readonly rollups: number
  /** Whether this node goes on with the log, having the key that schedules it. */
  readonly hosting: 'continues' | 'read-only'
}

export type RecoveryState = {
  readonly state: 'taking' | 'running' | 'done' | 'failed'
  readonly slots: number
  readonly evaluated: number
  readonly report?: RecoveryReport
  readonly error?: string
  readonly code?: string
}

export type RecoveryInput = {
  /** Base URLs to ask; none: what was handed over as bundles is all there is. */
  readonly sources: readonly string[]
  /** Address of the key that schedules the process; else found out. */
  readonly scheduler?: string | undefined
}

type Job = {
  readonly processId: string
  state: RecoveryState['state']
  scheduler: string | undefined
  readonly attested: Attested[]
  rollups: number
  report?: RecoveryReport
  failure?: unknown
}

/** Recoveries remembered for those who ask how they went. */
const jobsMax = 1000
const noItem: FetchItem = async () => undefined

/** Rebuilds logs of processes from rollups, and checks that running them gives what was rolled up. */
export class Recovery {
  readonly #deps: RecoveryDeps
  readonly #hosting: Hosting
  readonly #options: RollupOptions
  readonly #address: string
  readonly #jobs = new Map<string, Job>()
  readonly #closing = new AbortController()
  readonly #running = new Set<Promise<void>>()

  constructor(deps: RecoveryDeps, hosting: Hosting, options: RollupOptions) {
    this.#deps = deps
    this.#hosting = hosting
    this.#options = options
    this.#address = encodeBase64Url(deps.engine.sha256(deps.signer.owner))
  }

  /** Takes the data of one rollup; they come in order of slot. Resolves with the next slot. */
  async takeBundle(processId: string, bytes: Uint8Array): Promise<number> {
    const job = await this.#begin(processId, 'taking')
    await this.#adopt(job, bytes, noItem)
    return this.#deps.log.head(processId)
  }

  /** Begins a recovery; `state` tells how it goes. Rejects with `log-hosted`, `recovery-running`. */
  async start(processId: string, input: RecoveryInput): Promise<void> {
    const job = await this.#begin(processId, 'running')
    job.scheduler = input.scheduler ?? job.scheduler
    const running = this.#run(job, input)
      .then((report) => Object.assign(job, { state: 'done', report }))
      .catch((failure: unknown) => {
        Object.assign(job, { state: 'failed', failure })
        const text = `recovering: ${errorMessage(failure)}`
        if (!this.#closing.signal.aborted) this.#deps.warn({ processId }, text)
      })
      .then(() => void this.#running.delete(running))
    this.#running.add(running)
  }

  /** Throws `recovery-unknown`. */
  state(processId: string): RecoveryState {
    const job = this.#jobs.get(processId)
    if (job === undefined) throw recoveryUnknown(processId)
    const { log, results } = this.#deps
    const { state, report, failure } = job
    return {
      state,
      slots: log.head(processId),
      evaluated: results.evaluatedHead(processId),
      ...(report === undefined ? {} : { report }),
      ...(failure === undefined ? {} : { error: errorMessage(failure) }),
      ...(isHeddleError(failure) ? { code: failure.code } : {}),
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(rollupClosed())
    await Promise.all(this.#running)
  }

  /** A log that is here by no recovery, or that this node goes on with, is not touched. */
  async #begin(processId: string, state: 'taking' | 'running'): Promise<Job> {
    this.#closing.signal.throwIfAborted()
    const before = this.#jobs.get(processId)
    if (before?.state === 'running') throw recoveryRunning(processId)
    const isOpen = this.#hosting.isRecovering(processId) || this.#hosting.isForeign(processId)
    if (this.#deps.log.head(processId) > 0 && !isOpen) throw logHosted(processId)
    const job: Job =
      before?.state === 'taking'
        ? before
        : { processId, state, scheduler: undefined, attested: [], rollups: 0 }
    job.state = state
    if (this.#jobs.size >= jobsMax) this.#jobs.clear()
    this.#jobs.set(processId, job)
    if (!this.#hosting.isRecovering(processId)) await this.#hosting.begin(processId)
    return job
  }

  async #run(job: Job, { sources }: RecoveryInput): Promise<RecoveryReport> {
    const { log } = this.#deps
    const { signal } = this.#closing
    const { processId } = job
    if (sources.length > 0) await this.#takeAll(job, sources)
    const slots = log.head(processId)
    const [last] = slots === 0 ? [] : await log.entries(processId, slots - 1, 1)
    const { scheduler } = job
    if (last === undefined || scheduler === undefined) throw rollupMissing(processId, sources)
    const isOwn = scheduler === this.#address
    const epoch = Math.max(this.#hosting.epochAtLeast(processId), last.assignment.epoch + 1)
    await this.#hosting.finish(processId, scheduler, isOwn ? epoch : 0)
    const check = await checkResults(this.#deps, processId, job.attested, signal)
    const hosting = isOwn ? 'continues' : 'read-only'
    return { process: processId, scheduler, slots, rollups: job.rollups, hosting, ...check }
  }

  async #takeAll(job: Job, sources: readonly string[]): Promise<void> {
    const { processId } = job
    const { fetch } = this.#deps
    const { signal } = this.#closing
    for (const url of sources) {
      const asking = { url, fetch, signal }
      const isLast = url === sources.at(-1)
      try {
        const listed = await this.#list(asking, job)
        if (listed.length === 0) continue
        const { bundleBytesMax } = this.#options
        const fetchItem: FetchItem = (id) => fetchItemBytes(asking, id, bundleBytesMax)
        for (const { id, fromSlot } of listed) {
          const head = this.#deps.log.head(processId)
          if (fromSlot > head) {
            throw rollupInvalid(processId, `slots ${head} to ${fromSlot - 1} are in no rollup`)
          }
          const data = await fetchData(asking, id, bundleBytesMax)
          await this.#adopt(job, data, fetchItem)
        }
        return
      } catch (error) {
        if (isLast || signal.aborted || !isHeddleError(error, 'rollup-source-failed')) throw error
      }
    }
    throw rollupMissing(processId, sources)
  }

  async #adopt(job: Job, bytes: Uint8Array, fetchItem: FetchItem): Promise<void> {
    const { processId } = job
    const taken = await adoptRollup(this.#deps, processId, bytes, job.scheduler, fetchItem)
    job.scheduler = taken.scheduler
    job.rollups++
    if (taken.attested !== undefined) job.attested.push(taken.attested)
  }

  /** All rollups by the key that schedules the process, in order of slot. */
  async #list(asking: Parameters<typeof listRollups>[0], job: Job): Promise<Listed[]> {
    const { processId } = job
    const owner = job.scheduler ?? (await this.#findScheduler(asking, processId))
    if (owner === undefined) return []
    const listed: Listed[] = []
    for await (const one of listRollups(asking, processId, { owner })) {
      if (one.owner === owner) listed.push(one)
    }
    job.scheduler = owner
    return listed.sort((a, b) => a.fromSlot - b.fromSlot)
  }

  /**
   * Anybody may order the messages of any process in a log of their own. Where several did, the one the
   * process itself names in its `Scheduler` tag is meant; where it names none of them, the caller says.
   */
  async #findScheduler(
    asking: Parameters<typeof listRollups>[0],
    processId: string,
  ): Promise<string | undefined> {
    const { log, engine } = this.#deps
    const [opening] = log.head(processId) > 0 ? await log.entries(processId, 0, 1) : []
    if (opening) return encodeBase64Url(engine.sha256(opening.assignment.item.owner))
    const owners = new Set<string>()
    for await (const { owner } of listRollups(asking, processId, { fromSlot: 0 })) owners.add(owner)
    const [first, ...others] = owners
    if (others.length === 0) return first
    const named = await this.#namedScheduler(asking, processId)
    if (named !== undefined && owners.has(named)) return named
    throw schedulerAmbiguous(processId, [...owners].slice(0, 16))
  }

  async #namedScheduler(
    asking: Parameters<typeof listRollups>[0],
    processId: string,
  ): Promise<string | undefined> {
    const { bundleBytesMax } = this.#options
    const bytes = await fetchItemBytes(asking, processId, bundleBytesMax)
    const item = bytes && (await this.#verified(bytes, processId))
    return item && tagValue(item.tags, 'Scheduler')
  }

  async #verified(bytes: Uint8Array, id: string) {
    const { engine, verify } = this.#deps
    try {
      const item = parseItem(bytes, engine)
      return item.id === id && (await verify(item)) ? item : undefined
    } catch {
      return undefined
    }
  }
}
