import { parentPort, workerData } from 'node:worker_threads'
import { assert, concatBytes, encodeBase64Url } from '@heddle/protocol/base'
import { readManifest } from '@heddle/protocol/model'
import { writeReceipt } from '@heddle/protocol/receipt'
import { type Clock, createRuntime, type Disk, nodeCrypto } from '../../runtime/index.ts'
import { type Answer, beginAnswer } from '../answer/answer.ts'
import { modelNotLoaded } from '../errors.ts'
import { chunkSource } from '../models/chunk-source.ts'
import { openModel, sha256Hash } from '../models/open.ts'
import { arrivedError, carryError } from './carried-error.ts'
import type { CarriedError, FromWorker, ToWorker, WorkerSettings } from './protocol.ts'
import { Shelf } from './shelf.ts'

type Running = { readonly id: number; readonly model: string; readonly answer: Answer }
type Wanted = { resolve(bytes: Uint8Array): void; reject(error: Error): void }

/** Answers take turns of this long, so that a short one does not wait for a long one. */
const turnMs = 10

/** The program of an inference thread. */
export function serveInference(): void {
  const port = parentPort
  assert(port !== null, 'inference threads are started by the service')
  const runtime = createRuntime()
  const server = new InferenceServer(
    runtime.disk,
    runtime.clock,
    workerData as WorkerSettings,
    (message) => port.postMessage(message),
  )
  port.on('message', (message: ToWorker) => server.take(message))
}

class InferenceServer {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #settings: WorkerSettings
  readonly #send: (message: FromWorker) => void
  readonly #shelf: Shelf
  /** In order of turn. */
  readonly #running: Running[] = []
  readonly #wanted = new Map<number, Wanted>()
  #lastCall = 0
  #busy = false
  /** Loads happen one after another: each counts what the last has taken. */
  #loading: Promise<void> = Promise.resolve()

  constructor(
    disk: Disk,
    clock: Clock,
    settings: WorkerSettings,
    send: (message: FromWorker) => void,
  ) {
    this.#disk = disk
    this.#clock = clock
    this.#settings = settings
    this.#send = send
    this.#shelf = new Shelf(settings.memoryBytesMax, (model) => send({ kind: 'evicted', model }))
  }

  take(message: ToWorker): void {
    switch (message.kind) {
      case 'load':
        this.#loading = this.#loading.then(() => this.#load(message))
        break
      case 'chunk':
        this.#settle(message.call, (wanted) => wanted.resolve(message.bytes))
        break
      case 'no-chunk':
        this.#settle(message.call, (wanted) => wanted.reject(arrivedError(message.error)))
        break
      case 'begin':
        this.#begin(message)
        break
      case 'cancel':
        this.#drop(message.answer)
        break
    }
  }

  #settle(call: number, use: (wanted: Wanted) => void): void {
    const wanted = this.#wanted.get(call)
    this.#wanted.delete(call)
    if (wanted !== undefined) use(wanted)
  }

  #readChunk(model: string, index: number): Promise<Uint8Array> {
    const call = this.#lastCall++
    return new Promise((resolve, reject) => {
      this.#wanted.set(call, { resolve, reject })
      this.#send({ kind: 'chunk-wanted', call, model, index })
    })
  }

  async #load({ model, manifest: bytes, tokenizer }: ToWorker & { kind: 'load' }): Promise<void> {
    try {
      if (this.#shelf.has(model)) return
      const hash = sha256Hash(nodeCrypto.sha256)
      const manifest = readManifest(bytes, hash)
      const source = chunkSource(manifest.weights, (i) => this.#readChunk(model, i), hash)
      const { contextTokensMax, answersMax } = this.#settings
      const ports = { disk: this.#disk, crypto: nodeCrypto }
      const { engine } = await this.#shelf.load(model, (memoryBytesMax) =>
        openModel({ manifest, source, tokenizer }, ports, {
          memoryBytesMax: Math.max(65_536, Math.min(memoryBytesMax, 65_535 * 65_536)),
          contextTokensMax,
          sessionsMax: answersMax,
        }),
      )
      const { memoryBytes, context, kernelHash } = engine
      const facts = { memoryBytes, context, kernel: encodeBase64Url(kernelHash) }
      this.#send({ kind: 'loaded', model, facts })
    } catch (error) {
      this.#send({ kind: 'load-failed', model, error: carryError(error) })
    }
  }

  #begin({ answer: id, model, request }: ToWorker & { kind: 'begin' }): void {
    const loaded = this.#shelf.take(model)
    if (loaded === undefined) {
      this.#fail(id, carryError(modelNotLoaded(model)))
      return
    }
    try {
      const answer = beginAnswer(loaded, request, nodeCrypto.sha256)
      this.#running.push({ id, model, answer })
      this.#wake()
    } catch (error) {
      this.#shelf.putBack(model)
      this.#fail(id, carryError(error))
    }
  }

  #fail(answer: number, error: CarriedError): void {
    this.#send({ kind: 'failed', answer, error })
  }

  #wake(): void {
    if (this.#busy) return
    this.#busy = true
    setImmediate(() => this.#takeTurn())
  }

  /** One answer's turn; between turns the port is heard, so that others can join or be cancelled. */
  #takeTurn(): void {
    const running = this.#running.shift()
    if (running === undefined) {
      this.#busy = false
      return
    }
    if (!this.#work(running)) this.#running.push(running)
    setImmediate(() => this.#takeTurn())
  }

  /** Tells whether the answer has ended. */
  #work(running: Running): boolean {
    const { id, answer } = running
    const untilMs = this.#clock.elapsedMs() + turnMs
    const parts: Uint8Array[] = []
    try {
      do parts.push(answer.advance())
      while (answer.finish === undefined && this.#clock.elapsedMs() < untilMs)
      const bytes = concatBytes(parts)
      if (bytes.length > 0) this.#send({ kind: 'text', answer: id, bytes })
      const { finish } = answer
      if (finish === undefined) return false
      const receipt = answer.receipt()
      const { promptTokens, tokens } = answer
      const ending = { finish, promptTokens, tokens, gasUsed: receipt.gasUsed }
      this.#send({
        kind: 'done',
        answer: id,
        ending: { ...ending, receipt: writeReceipt(receipt) },
      })
    } catch (error) {
      this.#fail(id, carryError(error))
    }
    this.#release(running)
    return true
  }

  #drop(id: number): void {
    const at = this.#running.findIndex((running) => running.id === id)
    const [running] = at < 0 ? [] : this.#running.splice(at, 1)
    if (running !== undefined) this.#release(running)
  }

  #release({ model, answer }: Running): void {
    answer.end()
    this.#shelf.putBack(model)
  }
}
