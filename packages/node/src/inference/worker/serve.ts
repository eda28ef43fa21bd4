import { parentPort, workerData } from 'node:worker_threads'
import { assert, concatBytes, encodeBase64Url } from '@heddle/protocol/base'
import { fewestTokens } from '@heddle/protocol/model'
import { writeReceipt } from '@heddle/protocol/receipt'
import { type Clock, createRuntime, type Disk, nodeCrypto } from '../../runtime/index.ts'
import { type Answer, beginAnswer } from '../answer/answer.ts'
import { contextExceeded, modelNotLoaded } from '../errors.ts'
import { chunkSource } from '../models/chunk-source.ts'
import { openModel } from '../models/open.ts'
import { arrivedError, carryError } from './carried-error.ts'
import type { BroughtRun, CarriedError, FromWorker, ToWorker, WorkerSettings } from './protocol.ts'
import { type ChunkRun, chunkRun, runBytes } from './runs.ts'
import { Shelf } from './shelf.ts'

type Running = { readonly id: number; readonly model: string; readonly answer: Answer }
type Wanted = { resolve(bytes: Uint8Array): void; reject(error: Error): void }
type Send = (message: FromWorker, moved?: readonly ArrayBuffer[]) => void

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
    (message, moved = []) => port.postMessage(message, moved),
  )
  port.on('message', (message: ToWorker) => server.take(message))
}

class InferenceServer {
  readonly #disk: Disk
  readonly #clock: Clock
  readonly #settings: WorkerSettings
  readonly #send: Send
  readonly #shelf: Shelf
  /** In order of turn. */
  readonly #running: Running[] = []
  readonly #wanted = new Map<number, Wanted>()
  #lastCall = 0
  #busy = false
  /** Loads happen one after another: each counts what the last has taken. */
  #loading: Promise<void> = Promise.resolve()

  constructor(disk: Disk, clock: Clock, settings: WorkerSettings, send: Send) {
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
      case 'run':
        this.#settle(message)
        break
      case 'begin':
        this.#begin(message)
        break
      case 'cancel':
        this.#drop(message.answer)
        break
    }
  }

  #settle(run: BroughtRun): void {
    const wanted = this.#wanted.get(run.call)
    this.#wanted.delete(run.call)
    if ('error' in run) wanted?.reject(arrivedError(run.error))
    else wanted?.resolve(run.bytes)
  }

  /** Memory moves to and fro: to clear and collect fresh memory costs more than a chunk's check. */
  #readRun(model: string, wanted: ChunkRun, done?: ArrayBufferLike): Promise<Uint8Array> {
    const call = this.#lastCall++
    const room = done instanceof ArrayBuffer ? done : new ArrayBuffer(runBytes)
    return new Promise((resolve, reject) => {
      this.#wanted.set(call, { resolve, reject })
      this.#send({ kind: 'run-wanted', call, model, ...wanted, room }, [room])
    })
  }

  async #load({ model, manifest, tokenizer }: ToWorker & { kind: 'load' }): Promise<void> {
    try {
      if (this.#shelf.has(model)) return
      const { sizeBytes } = manifest.weights
      const readRun = (index: number, done?: ArrayBufferLike) =>
        this.#readRun(model, chunkRun(sizeBytes, index), done)
      const source = chunkSource(manifest.weights, readRun, runBytes)
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
      const { context, tokenizer } = loaded.engine
      const fewest = fewestTokens(tokenizer, request.prompt)
      if (fewest > context) throw contextExceeded(fewest, context)
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
