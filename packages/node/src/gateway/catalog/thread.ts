import { Worker } from 'node:worker_threads'
import { threadEnvironment } from '../../runtime/index.ts'
import { arrivedError } from '../carried-error.ts'
import { gatewayClosed, indexLost } from '../errors.ts'
import type { Answer, Asked, CallName, Opened, Reply, Request } from './protocol.ts'

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const catalogWorkerUrl = new URL(`./worker${extension}`, import.meta.url)

type Waiting = { resolve(answer: unknown): void; reject(error: Error): void }

/** Calls that go to the thread with the end of this turn of the event loop. */
type Outbox = {
  readonly worker: Worker
  readonly requests: Request[]
  readonly transfer: ArrayBuffer[]
}

/** Where the index file is, and how far each checked log is written. */
export type CatalogPlace = {
  readonly path: string
  heads(): ReadonlyMap<string, number>
  readonly workerUrl?: URL
  onFault(what: string, error: unknown): void
}

/**
 * The catalog on a thread of its own, seen from the event loop. Once the thread is lost every call
 * rejects with `index-lost`, until `open` has started another: what it knows may be less than what
 * the lost one said, so whoever writes must read its progress anew first.
 */
export class CatalogThread {
  readonly #place: CatalogPlace
  readonly #calls = new Map<number, Waiting>()
  #outbox: Outbox | undefined
  #worker: Worker | undefined
  #ended: Promise<unknown> = Promise.resolve()
  #nextCall = 0
  #closed = false

  constructor(place: CatalogPlace) {
    this.#place = place
  }

  get lost(): boolean {
    return this.#worker === undefined
  }

  /** Starts the thread and opens the file, which is made anew where it is damaged. */
  async open(): Promise<Opened> {
    if (this.#closed) throw gatewayClosed()
    this.#start()
    const { path } = this.#place
    try {
      return await this.ask('open', { path, heads: this.#place.heads() })
    } catch (error) {
      await this.#end()
      throw error
    }
  }

  /** Rejects with the catalog's error, with `index-lost` or `gateway-closed` (unavailable). */
  ask<Name extends CallName>(
    name: Name,
    asked: Asked<Name>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Answer<Name>> {
    const worker = this.#worker
    if (worker === undefined) {
      return Promise.reject(this.#closed ? gatewayClosed() : indexLost('it ended'))
    }
    const call = this.#nextCall++
    const request: Request = { call, name, asked }
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#calls.set(call, { resolve, reject })
    })
    this.#send(worker, request, transfer)
    return answer as Promise<Answer<Name>>
  }

  /** Calls made before are answered; those made after are rejected. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#end()
  }

  /** Asks the thread to end: it must not be terminated within SQLite. */
  async #end(): Promise<void> {
    if (this.#worker === undefined) return
    const closing = this.ask('close', {}).catch(() => {})
    this.#worker = undefined
    await closing
    await this.#ended
  }

  /** Waking the thread costs more than a look at the index: calls of one turn wake it once. */
  #send(worker: Worker, request: Request, transfer: readonly ArrayBuffer[]): void {
    let outbox = this.#outbox
    if (outbox?.worker !== worker) {
      const made: Outbox = { worker, requests: [], transfer: [] }
      outbox = made
      this.#outbox = made
      setImmediate(() => {
        if (this.#outbox === made) this.#outbox = undefined
        worker.postMessage(made.requests, made.transfer)
      })
    }
    outbox.requests.push(request)
    outbox.transfer.push(...transfer)
  }

  #start(): void {
    const url = this.#place.workerUrl ?? catalogWorkerUrl
    const worker = new Worker(url, { env: threadEnvironment(), name: 'catalog' })
    this.#worker = worker
    this.#ended = new Promise((resolve) => worker.once('exit', resolve))
    worker.on('message', (replies: readonly Reply[]) => {
      for (const reply of replies) this.#take(reply)
    })
    worker.on('error', (error) => this.#lose(worker, error.message))
    worker.on('exit', (code) => this.#lose(worker, `exit code ${code}`))
  }

  #take(reply: Reply): void {
    if ('fault' in reply) {
      this.#place.onFault('checkpointing the index', new Error(reply.fault))
      return
    }
    const waiting = this.#calls.get(reply.call)
    this.#calls.delete(reply.call)
    if ('error' in reply) waiting?.reject(arrivedError(reply.error))
    else waiting?.resolve(reply.answer)
  }

  #lose(worker: Worker, reason: string): void {
    // `error` is followed by `exit`; by then another thread may be in its place.
    if (worker === this.#worker) {
      this.#worker = undefined
      this.#place.onFault('the index thread', indexLost(reason))
    } else if (!this.lost) return
    const waiting = [...this.#calls.values()]
    this.#calls.clear()
    for (const { reject } of waiting) reject(this.#closed ? gatewayClosed() : indexLost(reason))
  }
}
