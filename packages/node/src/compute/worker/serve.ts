import { parentPort, workerData } from 'node:worker_threads'
import { assert, errorMessage, isHeddleError } from '@heddle/protocol/base'
import { type Cancel, createRuntime } from '../../runtime/index.ts'
import type { GuestModule } from '../guest/ports.ts'
import { withModels } from '../model-calls/bind.ts'
import { DriveClient, withDrive } from '../weave-drive/client.ts'
import { ForkRunner } from './fork-runner.ts'
import { HotProcess } from './hot-process.ts'
import { type ModuleFormats, Modules, withMoreFormats } from './modules.ts'
import type {
  CarriedError,
  Evaluate,
  FromWorker,
  OpenProcess,
  Replay,
  Reply,
  Request,
  ToWorker,
  WorkerSettings,
} from './protocol.ts'
import { leaveIfAsked } from './watch.ts'

/** A request under way; `at` is the next message of an evaluation or replay. */
type Job = {
  readonly call: number
  readonly request: Request
  readonly cameMs: number
  at: number
}

const runtime = createRuntime()

/** A thread that had nothing to do for this long makes small what its processes keep. */
const restAfterMs = 2000

/**
 * While there is more to do, answers go out together for this long: each sending wakes the unit's
 * thread, which costs more than what is in it. Should the next message never end, this much waits
 * for it, or is evaluated again.
 */
const holdMs = 6

/**
 * A process is put to sleep when nobody wants anything, nor does one that just woke: its messages come right
 * behind. It waits so long at most, or others that never pause would leave no room for those that wake.
 */
const wokenMs = 2
const pauseMs = 1
const departureMs = 50

/**
 * The program of a compute thread. Requests of one lane (a process, a module) are done in order;
 * lanes take turns, and a long batch gives up its turn after `turnMs`, so that no process waits for
 * another's backlog.
 */
export function serveCompute(formats: ModuleFormats): void {
  const port = parentPort
  assert(port !== null, 'compute threads are started by the unit')
  const settings = workerData as WorkerSettings
  const thread = new ComputeServer(formats, settings, (messages) => port.postMessage(messages))
  port.on('message', (messages: ToWorker) => thread.take(messages))
}

type Send = (messages: readonly FromWorker[]) => void

class ComputeServer {
  readonly #clock = runtime.clock
  readonly #settings: WorkerSettings
  readonly #cells: Int32Array
  readonly #modules: Modules
  readonly #forks: ForkRunner
  readonly #drives: DriveClient
  readonly #send: Send
  /** Answers that wait for others to go with, and when the last ones went. */
  readonly #held: FromWorker[] = []
  #sentMs = 0
  /** When a process last woke. */
  #wokeMs = 0
  readonly #processes = new Map<string, HotProcess>()
  /** Lanes with work, in order of turn. */
  readonly #lanes = new Map<string, Job[]>()
  #running = false
  /** Processes that worked since they last were made small. */
  readonly #restless = new Set<string>()
  #cancelRest: Cancel | undefined

  constructor(formats: ModuleFormats, settings: WorkerSettings, send: Send) {
    this.#settings = settings
    this.#cells = new Int32Array(settings.watch)
    this.#modules = new Modules(withMoreFormats(formats, settings.moreFormats))
    this.#forks = new ForkRunner(this.#cells)
    this.#drives = new DriveClient(settings.driveLine, this.#cells)
    this.#send = send
  }

  take(messages: ToWorker): void {
    leaveIfAsked(this.#cells)
    const cameMs = this.#clock.elapsedMs()
    for (const message of messages) this.#enqueue({ ...message, cameMs, at: 0 })
  }

  #enqueue(job: Job): void {
    const lane = laneOf(job.request)
    const jobs = this.#lanes.get(lane)
    if (jobs === undefined) this.#lanes.set(lane, [job])
    else jobs.push(job)
    if (this.#running) return
    this.#running = true
    this.#sentMs = this.#clock.elapsedMs()
    setImmediate(() => void this.#takeTurns())
  }

  async #takeTurns(): Promise<void> {
    while (this.#lanes.size > 0) {
      const next = this.#next()
      leaveIfAsked(this.#cells)
      if (next === undefined) {
        this.#flush()
        await runtime.timer.sleep(pauseMs)
        continue
      }
      const [lane, jobs, job] = next
      if (await this.#doTurn(job)) jobs.shift()
      if (isWaking(job)) this.#wokeMs = this.#clock.elapsedMs()
      this.#lanes.delete(lane)
      if (jobs.length > 0) this.#lanes.set(lane, jobs)
      if (this.#lanes.size === 0) this.#flush()
      else this.#flushDue()
      // Between turns the port is heard, so that other lanes can join.
      await new Promise((resolve) => setImmediate(resolve))
    }
    this.#running = false
    this.#restLater()
  }

  /** Whose turn it is; nobody's where all that is left may wait a little. */
  #next(): [lane: string, jobs: Job[], job: Job] | undefined {
    const nowMs = this.#clock.elapsedMs()
    let departure: [string, Job[], Job] | undefined
    for (const [lane, jobs] of this.#lanes) {
      const job = jobs[0]
      assert(job !== undefined, 'a lane has work')
      if (!isDeparture(job) || nowMs - job.cameMs >= departureMs) return [lane, jobs, job]
      departure ??= [lane, jobs, job]
    }
    return nowMs - this.#wokeMs >= wokenMs ? departure : undefined
  }

  /** Sends what is held if it was held for long enough; tells the time. */
  #flushDue(): number {
    const nowMs = this.#clock.elapsedMs()
    if (nowMs - this.#sentMs >= holdMs) {
      this.#sentMs = nowMs
      this.#flush()
    }
    return nowMs
  }

  #flush(): void {
    if (this.#held.length > 0) this.#send(this.#held.splice(0))
  }

  /** Works on a job for one turn; tells whether it is finished. */
  async #doTurn(job: Job): Promise<boolean> {
    try {
      const { request } = job
      if (request.kind === 'evaluate' && !(await this.#evaluate(job, request))) return false
      if (request.kind === 'replay' && !(await this.#replay(job, request))) return false
      const reply = await this.#answer(request)
      this.#held.push({ call: job.call, reply })
    } catch (error) {
      // Its memory is in an unknown state: the unit brings it back from a checkpoint.
      if ('processId' in job.request) this.#close(job.request.processId)
      this.#held.push({ call: job.call, error: carried(error) })
    }
    return true
  }

  async #answer(request: Request): Promise<Reply> {
    switch (request.kind) {
      case 'module':
        return {
          heldBytes: await this.#modules.load(request.moduleId, request.format, request.bytes),
        }
      case 'forget-module':
        this.#modules.forget(request.moduleId)
        return undefined
      case 'open':
        return (await this.#open(request)).footprint()
      case 'capture':
        return this.#process(request.processId).capture()
      case 'checkpoint': {
        const process = this.#process(request.processId)
        if (!request.close) return process.checkpoint()
        const delta = process.lastCheckpoint()
        this.#close(request.processId)
        return delta
      }
      case 'confirm-checkpoint':
        this.#processes.get(request.processId)?.confirmCheckpoint(request.nextSlot, request.at)
        return undefined
      case 'close':
        this.#close(request.processId)
        return undefined
      case 'evaluate':
      case 'replay':
        return this.#process(request.processId).footprint()
      case 'fork':
        return await this.#forks.run(this.#moduleFor(request), request)
    }
  }

  async #open(request: OpenProcess): Promise<HotProcess> {
    this.#close(request.processId)
    const module = this.#moduleFor(request)
    const process = await HotProcess.open(module, request, this.#clock, this.#cells)
    this.#processes.set(request.processId, process)
    return process
  }

  /** A process's module, with the models it may call and its drive. */
  #moduleFor(wanted: Pick<OpenProcess, 'moduleId' | 'models' | 'drive'>): GuestModule {
    const { moduleId, models } = wanted
    const module = withModels(this.#modules.get(moduleId), models, (id) => this.#modules.get(id))
    return withDrive(module, this.#drives.driveOf(wanted.drive))
  }

  async #evaluate(job: Job, request: Evaluate): Promise<boolean> {
    const process = this.#process(request.processId)
    const untilMs = this.#clock.elapsedMs() + this.#settings.turnMs
    let message = request.messages[job.at]
    while (message !== undefined) {
      const outcome = await process.evaluate(message)
      this.#held.push({ call: job.call, outcome })
      message = request.messages[++job.at]
      if (this.#flushDue() >= untilMs) break
    }
    this.#restless.add(request.processId)
    const checkpoint = process.checkpointDue(this.#settings.checkpointAfterMs)
    if (checkpoint !== undefined) this.#held.push({ call: job.call, checkpoint })
    return message === undefined
  }

  async #replay(job: Job, request: Replay): Promise<boolean> {
    const process = this.#process(request.processId)
    const untilMs = this.#clock.elapsedMs() + this.#settings.turnMs
    let message = request.messages[job.at]
    while (message !== undefined) {
      await process.replay(message)
      message = request.messages[++job.at]
      if (this.#clock.elapsedMs() >= untilMs) break
    }
    return message === undefined
  }

  #restLater(): void {
    this.#cancelRest?.()
    this.#cancelRest = undefined
    if (this.#restless.size === 0) return
    this.#cancelRest = runtime.timer.after(restAfterMs, () => this.#rest())
  }

  /** One process at a time, for as long as nobody wants anything. */
  #rest(): void {
    if (this.#running) return
    leaveIfAsked(this.#cells)
    const [processId] = this.#restless
    if (processId === undefined) return
    this.#restless.delete(processId)
    this.#processes.get(processId)?.rest()
    setImmediate(() => this.#rest())
  }

  #process(processId: string): HotProcess {
    const process = this.#processes.get(processId)
    assert(process !== undefined, `process ${processId} is live on this thread`)
    return process
  }

  #close(processId: string): void {
    this.#processes.get(processId)?.close()
    this.#processes.delete(processId)
    this.#restless.delete(processId)
  }
}

function isDeparture({ request }: Job): boolean {
  return request.kind === 'checkpoint' && request.close
}

function isWaking({ request }: Job): boolean {
  return request.kind === 'open' || request.kind === 'replay'
}

function laneOf(request: Request): string {
  if ('processId' in request) return request.processId
  return request.kind === 'fork' ? request.lane : request.moduleId
}

function carried(error: unknown): CarriedError {
  if (isHeddleError(error)) return { code: error.code, kind: error.kind, message: error.message }
  return { code: 'internal', kind: 'internal', message: errorMessage(error) }
}
