import { Worker } from 'node:worker_threads'
import {
  type BlobLayout,
  type BlobParameters,
  type CommittedBlob,
  layoutOf,
} from '@heddle/protocol/certificate'
import type {
  EncodedParts,
  EncoderReply,
  EncoderRequest,
  EncoderSettings,
} from './encoder-protocol.ts'
import { disperserClosed, encoderFailed } from './errors.ts'

/** A blob encoded and committed; its rows stay where the encoder put them until `release`. */
export type EncodedBlob = {
  readonly committed: CommittedBlob
  readonly layout: BlobLayout
  readonly paths: readonly Uint8Array[]
  /** The pieces of a row, stripe by stripe; views of shared memory. */
  piecesOf(row: number): Uint8Array[]
  /**
   * The rows are not needed any more. Their memory is used again only where `isUnread` says that
   * nobody reads it still.
   */
  release(isUnread: boolean): void
}

type Thread = {
  readonly worker: Worker
  readonly exited: Promise<unknown>
  busyBytes: number
  failure: Error | undefined
}

type Call = { resolve(reply: EncoderReply): void; reject(error: unknown): void }

/** Threads that encode, so that the event loop stays free. A thread works on one blob at a time. */
export class EncoderPool {
  readonly #threads: Thread[]
  readonly #startThread: () => Thread
  readonly #calls = new Map<number, Call & { readonly thread: Thread }>()
  #nextId = 1
  #holds = 0
  #isClosed = false

  constructor(kernel: WebAssembly.Module, count: number, workerUrl: URL) {
    this.#startThread = () => this.#start(kernel, workerUrl)
    this.#threads = Array.from({ length: count }, this.#startThread)
  }

  /** Encodes the blob that the parts make, one after another. */
  async encode(parameters: BlobParameters, parts: readonly Uint8Array[]): Promise<EncodedBlob> {
    const thread = this.#leastBusy()
    const id = this.#nextId++
    const release = (isUnread: boolean) => {
      if (thread.failure === undefined && !this.#isClosed)
        this.#post(thread, { id, kind: 'release', isUnread })
    }
    thread.busyBytes += parameters.lengthBytes
    try {
      const opened = await this.#call(thread, { id, kind: 'open', parameters })
      if (opened.kind !== 'opened') throw disperserClosed()
      const layout = layoutOf(parameters)
      fillData(layout, opened.arena, parts)
      const reply = await this.#call(thread, { id, kind: 'encode' })
      if (reply.kind !== 'encoded') throw disperserClosed()
      return encodedBlob(parameters, layout, opened.arena, reply.encoded, release)
    } catch (error) {
      release(true)
      throw error
    } finally {
      thread.busyBytes -= parameters.lengthBytes
    }
  }

  /** Idle encoders do not keep the process alive; until the returned function is called they do. */
  hold(): () => void {
    if (this.#holds++ === 0) for (const { worker } of this.#threads) worker.ref()
    return () => {
      if (--this.#holds === 0) for (const { worker } of this.#threads) worker.unref()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
    await Promise.all(this.#threads.map(({ exited }) => exited))
  }

  #start(kernel: WebAssembly.Module, workerUrl: URL): Thread {
    const workerData: EncoderSettings = { kernel }
    const worker = new Worker(workerUrl, { workerData, env: {}, name: 'encoder' })
    const exited = new Promise((resolve) => worker.once('exit', resolve))
    const thread: Thread = { worker, exited, busyBytes: 0, failure: undefined }
    worker.on('message', (reply: EncoderReply) => {
      const call = this.#calls.get(reply.id)
      this.#calls.delete(reply.id)
      if (reply.kind === 'failed') call?.reject(encoderFailed(reply.message))
      else call?.resolve(reply)
    })
    worker.on('error', (error) => this.#lose(thread, error))
    worker.on('exit', () => this.#lose(thread, new Error('the thread ended')))
    if (this.#holds === 0) worker.unref()
    return thread
  }

  #lose(thread: Thread, cause: unknown): void {
    thread.failure ??= disperserClosed(cause)
    for (const [id, call] of this.#calls) {
      if (call.thread !== thread) continue
      this.#calls.delete(id)
      call.reject(thread.failure)
    }
  }

  /** A thread that was lost is started again when there is work for it, and not before. */
  #leastBusy(): Thread {
    if (this.#isClosed) throw disperserClosed()
    for (const [i, { failure }] of this.#threads.entries()) {
      if (failure !== undefined) this.#threads[i] = this.#startThread()
    }
    const [first] = this.#threads.toSorted((a, b) => a.busyBytes - b.busyBytes)
    if (first === undefined) throw disperserClosed()
    return first
  }

  #call(thread: Thread, request: EncoderRequest): Promise<EncoderReply> {
    return new Promise((resolve, reject) => {
      if (thread.failure !== undefined) return reject(thread.failure)
      this.#calls.set(request.id, { resolve, reject, thread })
      this.#post(thread, request)
    })
  }

  #post({ worker }: Thread, request: EncoderRequest): void {
    worker.postMessage(request)
  }
}

/** Copies the blob into the data rows of each stripe and clears what an earlier blob left. */
function fillData(
  { k, n, pieceBytes, stripes }: BlobLayout,
  arena: Uint8Array,
  parts: readonly Uint8Array[],
): void {
  const dataBytes = k * pieceBytes
  let stripe = 0
  let filled = 0
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      const taken = part.subarray(at, at + dataBytes - filled)
      arena.set(taken, stripe * n * pieceBytes + filled)
      at += taken.length
      filled += taken.length
      if (filled < dataBytes) continue
      stripe++
      filled = 0
    }
  }
  if (stripe < stripes) {
    const start = stripe * n * pieceBytes
    arena.fill(0, start + filled, start + dataBytes)
  }
}

function encodedBlob(
  parameters: BlobParameters,
  layout: BlobLayout,
  arena: Uint8Array,
  { root, fingerprints, commitment, paths }: EncodedParts,
  release: EncodedBlob['release'],
): EncodedBlob {
  const { n, pieceBytes, stripes } = layout
  const piecesOf = (row: number) =>
    Array.from({ length: stripes }, (_, stripe) => {
      const at = (stripe * n + row) * pieceBytes
      return arena.subarray(at, at + pieceBytes)
    })
  const committed = { parameters, root, fingerprints, commitment }
  return { committed, layout, paths, piecesOf, release }
}
