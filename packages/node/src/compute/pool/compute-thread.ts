import { Worker } from 'node:worker_threads'
import { type ErrorKind, HeddleError } from '@heddle/protocol/base'
import type { Cancel, Runtime } from '../../runtime/index.ts'
import type { CheckpointDelta } from '../checkpoint/index.ts'
import { type ThreadLoss, threadLost } from '../errors.ts'
import type { ComputeOptions } from '../options.ts'
import { openDriveLine } from '../weave-drive/channel.ts'
import type { DriveService } from '../weave-drive/service.ts'
import type {
  CarriedError,
  FromWorker,
  Outcome,
  Reply,
  Request,
  ToWorker,
  WorkerSettings,
} from '../worker/protocol.ts'
import { askToLeave, createWatch, readWatch } from '../worker/watch.ts'

/** Gets what an evaluation gives while it goes on. */
type Evaluating = {
  onOutcome(outcome: Outcome): void
  onCheckpoint(delta: CheckpointDelta): void
}

type Call = {
  resolve(reply: Reply): void
  reject(error: Error): void
  readonly evaluating: Evaluating | undefined
}

type Settings = Pick<
  ComputeOptions,
  | 'evaluationTimeoutMs'
  | 'workerUrl'
  | 'turnMs'
  | 'checkpointAfterMs'
  | 'moreFormats'
  | 'preparedFolder'
>

/** How often a busy thread is looked at, as a part of the time an evaluation may take. */
const looksPerTimeout = 20

/** A thread that was asked to end and does not is terminated after this long. */
const leaveMs = 3_000

/**
 * One compute thread, seen from the unit. It runs from its construction until it is lost: by a
 * crash,
 * by an evaluation that took too long, or closed. Then every open call rejects with
 * `compute-thread-lost` and `loss` says why.
 */
export class ComputeThread {
  /** Live processes, with the module and the models of each. Kept by who opens and closes them. */
  readonly processes = new Map<string, readonly string[]>()
  /** Compiled modules. Kept by the pool. */
  readonly modules = new Set<string>()
  readonly #worker: Worker
  readonly #settings: Settings
  readonly #timer: Runtime['timer']
  readonly #cells: Int32Array
  readonly #calls = new Map<number, Call>()
  readonly #onLost: (thread: ComputeThread) => void
  readonly #outgoing: ToWorker[number][] = []
  #nextCall = 0
  #loss: ThreadLoss | undefined
  readonly #ended: Promise<unknown>
  #cancelLook: Cancel | undefined
  #seen: ReturnType<typeof readWatch>
  #looks = 0

  constructor(
    settings: Settings,
    timer: Runtime['timer'],
    onLost: (thread: ComputeThread) => void,
    drive?: DriveService | undefined,
  ) {
    this.#settings = settings
    this.#timer = timer
    this.#onLost = onLost
    const watch = createWatch()
    this.#cells = new Int32Array(watch)
    const { turnMs, checkpointAfterMs, moreFormats, preparedFolder } = settings
    const modules = { moreFormats, preparedFolder }
    const { line: driveLine, close: closeDrive } = openDriveLine(drive)
    const workerData: WorkerSettings = { watch, driveLine, turnMs, checkpointAfterMs, ...modules }
    const transferList = [driveLine.port]
    // No environment: what guests run beside must not hold the node's secrets.
    const worker = { workerData, transferList, env: {}, name: 'compute' }
    this.#worker = new Worker(settings.workerUrl, worker)
    this.#ended = new Promise((resolve) => this.#worker.once('exit', resolve))
    void this.#ended.then(closeDrive)
    this.#worker.on('message', (messages: readonly FromWorker[]) => {
      for (const message of messages) this.#take(message)
    })
    this.#worker.on('error', (error) => this.#lose('crash', error.message))
    this.#worker.on('exit', (code) => this.#lose('crash', `exit code ${code}`))
  }

  /** Set once the thread has ended. */
  get loss(): ThreadLoss | undefined {
    return this.#loss
  }

  /** Rejects with the thread's error, or with `compute-thread-lost`. */
  request(request: Request, evaluating?: Evaluating): Promise<Reply> {
    if (this.#loss !== undefined) return Promise.reject(threadLost(this.#loss))
    const call = this.#nextCall++
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject, evaluating })
      this.#post({ call, request })
      this.#lookLater()
    })
  }

  /** What is asked in one turn goes as one: waking the thread costs more than a message is worth. */
  #post(sent: ToWorker[number]): void {
    if (this.#outgoing.push(sent) > 1) return
    setImmediate(() => this.#worker.postMessage(this.#outgoing.splice(0)))
  }

  async close(): Promise<void> {
    this.#lose('closed', 'the compute unit is closing')
    await this.#ended
  }

  #take(message: FromWorker): void {
    const call = this.#calls.get(message.call)
    if (call === undefined) return
    if ('outcome' in message) call.evaluating?.onOutcome(message.outcome)
    else if ('checkpoint' in message) call.evaluating?.onCheckpoint(message.checkpoint)
    else {
      this.#calls.delete(message.call)
      if (this.#calls.size === 0) this.#stopLooking()
      if ('error' in message) call.reject(arrived(message.error))
      else call.resolve(message.reply)
    }
  }

  #lose(reason: ThreadLoss['reason'], text: string): void {
    if (this.#loss !== undefined) return
    askToLeave(this.#cells)
    const { number, slot } = readWatch(this.#cells) ?? {}
    const under = number === undefined || slot === undefined ? {} : { number, slot }
    this.#loss = { reason, text, ...under }
    this.#stopLooking()
    this.#end()
    this.#onLost(this)
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    for (const call of calls) call.reject(threadLost(this.#loss))
  }

  /** See `askToLeave`, which was called: why not `terminate` in every case. */
  #end(): void {
    if (readWatch(this.#cells) !== undefined) void this.#worker.terminate()
    else {
      const wake: ToWorker = []
      this.#worker.postMessage(wake)
      const cancel = this.#timer.after(leaveMs, () => void this.#worker.terminate())
      void this.#ended.then(cancel)
    }
  }

  #lookLater(): void {
    const delayMs = Math.ceil(this.#settings.evaluationTimeoutMs / looksPerTimeout)
    this.#cancelLook ??= this.#timer.after(delayMs, () => {
      this.#cancelLook = undefined
      this.#look()
    })
  }

  /**
   * Counts looks, not time: should this thread itself have slept, an evaluation does not pay for
   * it.
   */
  #look(): void {
    const watched = readWatch(this.#cells)
    const same = watched !== undefined && watched.count === this.#seen?.count
    this.#looks = same ? this.#looks + 1 : 0
    this.#seen = watched
    if (this.#looks >= looksPerTimeout) {
      this.#lose('timeout', 'an evaluation took too long')
    } else if (this.#calls.size > 0) this.#lookLater()
  }

  #stopLooking(): void {
    this.#cancelLook?.()
    this.#cancelLook = undefined
    this.#seen = undefined
    this.#looks = 0
  }
}

function arrived(error: CarriedError): HeddleError {
  return new HeddleError(error.code, error.kind as ErrorKind, error.message)
}
