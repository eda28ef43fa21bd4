import { Worker } from 'node:worker_threads'
import { chunkBytes, type ModelManifest } from '@heddle/protocol/model'
import { inferenceClosed, inferenceThreadLost } from '../errors.ts'
import { arrivedError, carryError } from '../worker/carried-error.ts'
import type {
  FromWorker,
  LoadedFacts,
  ToWorker,
  WantedRun,
  WorkerSettings,
} from '../worker/protocol.ts'

/** Gets what an answer gives while it goes on; exactly one of `done` and `failed` ends it. */
export type Listener = {
  text(bytes: Uint8Array): void
  done(ending: (FromWorker & { kind: 'done' })['ending']): void
  failed(error: Error): void
}

type Load = {
  readonly promise: Promise<LoadedFacts>
  resolve(facts: LoadedFacts): void
  reject(error: Error): void
}

/** Brings a chunk of a model from where it is kept, checked. */
export type FetchChunk = (model: string, index: number) => Promise<Uint8Array>

/** What a model is loaded from. */
export type LoadInput = {
  readonly manifest: ModelManifest
  readonly tokenizer: Uint8Array | undefined
}

/** The inference thread, seen from the service. It runs from its construction until it is lost or closed. */
export class InferenceThread {
  readonly #worker: Worker
  readonly #fetchChunk: FetchChunk
  readonly #onLost: () => void
  readonly #loads = new Map<string, Load>()
  readonly #answers = new Map<number, Listener>()
  readonly #ended: Promise<void>
  #lastAnswer = 0
  #loss: Error | undefined

  constructor(
    url: URL,
    settings: WorkerSettings,
    fetchChunk: FetchChunk,
    onLost: (error: Error) => void,
  ) {
    this.#fetchChunk = fetchChunk
    this.#onLost = () => onLost(this.#loss ?? inferenceClosed())
    // No environment: it computes on what others uploaded.
    this.#worker = new Worker(url, { workerData: settings, env: {}, name: 'inference' })
    this.#ended = new Promise((resolve) => this.#worker.once('exit', () => resolve()))
    this.#worker.on('message', (message: FromWorker) => this.#take(message))
    this.#worker.on('error', (error) => this.#lose(inferenceThreadLost(error.message)))
    this.#worker.on('exit', (code) => this.#lose(inferenceThreadLost(`exit code ${code}`)))
  }

  /** Loads a model unless it is loaded; everybody who asks waits for the same load. */
  load(model: string, open: () => Promise<LoadInput>): Promise<LoadedFacts> {
    if (this.#loss !== undefined) return Promise.reject(this.#loss)
    const known = this.#loads.get(model)
    if (known !== undefined) return known.promise
    const { promise, resolve, reject } = Promise.withResolvers<LoadedFacts>()
    promise.catch(() => this.#loads.delete(model))
    this.#loads.set(model, { promise, resolve, reject })
    open().then(
      ({ manifest, tokenizer }) => this.#post({ kind: 'load', model, manifest, tokenizer }),
      (error) => reject(error),
    )
    return promise
  }

  /** Begins an answer; the result cancels it. */
  begin(
    model: string,
    request: (ToWorker & { kind: 'begin' })['request'],
    to: Listener,
  ): () => void {
    if (this.#loss !== undefined) {
      to.failed(this.#loss)
      return () => undefined
    }
    const answer = this.#lastAnswer++
    this.#answers.set(answer, to)
    this.#post({ kind: 'begin', answer, model, request })
    return () => {
      if (this.#answers.delete(answer)) this.#post({ kind: 'cancel', answer })
    }
  }

  async close(): Promise<void> {
    this.#lose(inferenceClosed())
    await this.#ended
  }

  #post(message: ToWorker, moved: readonly ArrayBuffer[] = []): void {
    if (this.#loss === undefined) this.#worker.postMessage(message, moved)
  }

  #take(message: FromWorker): void {
    switch (message.kind) {
      case 'run-wanted':
        void this.#bring(message)
        break
      case 'loaded':
        this.#loads.get(message.model)?.resolve(message.facts)
        break
      case 'load-failed':
        this.#loads.get(message.model)?.reject(arrivedError(message.error))
        break
      case 'evicted':
        this.#loads.delete(message.model)
        break
      case 'text':
        this.#answers.get(message.answer)?.text(message.bytes)
        break
      case 'done':
        this.#end(message.answer)?.done(message.ending)
        break
      case 'failed':
        this.#end(message.answer)?.failed(arrivedError(message.error))
        break
    }
  }

  #end(answer: number): Listener | undefined {
    const listener = this.#answers.get(answer)
    this.#answers.delete(answer)
    return listener
  }

  async #bring({ call, model, first, count, room }: WantedRun): Promise<void> {
    const all = new Uint8Array(room)
    let sizeBytes = 0
    const bringChunk = async (at: number) => {
      const bytes = await this.#fetchChunk(model, first + at)
      all.set(bytes, at * chunkBytes)
      // Only the last chunk of all may be short.
      sizeBytes += bytes.length
    }
    try {
      await Promise.all(Array.from({ length: count }, (_, at) => bringChunk(at)))
      this.#post({ kind: 'run', call, bytes: all.subarray(0, sizeBytes) }, [room])
    } catch (error) {
      this.#post({ kind: 'run', call, error: carryError(error) })
    }
  }

  #lose(error: Error): void {
    if (this.#loss !== undefined) return
    this.#loss = error
    void this.#worker.terminate()
    for (const load of this.#loads.values()) load.reject(error)
    const answers = [...this.#answers.values()]
    this.#answers.clear()
    for (const listener of answers) listener.failed(error)
    this.#onLost()
  }
}
