import { createHash } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { nodeCrypto, threadEnvironment } from '../../runtime/index.ts'
import { hashThreadEnded, storeClosed } from '../errors.ts'
import type { HashAnswer, HashJob, RunDigest, RunEnd } from './job.ts'

/** Below this, changing threads costs more than hashing. */
const asideBytes = 64 * 1024
/** A thread holds buffers, which do not count here, and little else. */
const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 }
const workerUrl = new URL('./hash-worker.ts', import.meta.url)

type Answer = HashAnswer | RunDigest
type Waiting = { resolve(answer: Answer): void; reject(error: Error): void }

/** A thread and the jobs it was given, which it answers in their order. */
type Thread = { readonly worker: Worker; readonly waiting: Waiting[]; ended?: Error }

/**
 * A stream of bytes whose SHA-384 is wanted too: of its jobs' bytes in the order they are given. Every
 * job takes its buffer away; one that was begun must be ended, since its thread remembers it.
 */
export type HashRun = {
  hash(job: HashJob): Promise<HashAnswer>
  end(): Promise<Uint8Array>
}

/**
 * SHA-256 off the event loop: buffers are handed over, not copied, so the loop pays some 50 µs for a
 * megabyte instead of a millisecond. Threads start with the first large job; with none, all is hashed on the loop.
 */
export class HashThreads {
  readonly #threads: (Thread | undefined)[]
  #isClosed = false
  #nextRun = 0

  constructor(threads: number) {
    this.#threads = Array.from({ length: threads }, () => undefined)
  }

  /**
   * Hashes parts of the bytes. Large jobs take the buffer away from the caller; the answer's bytes are
   * the same ones. Rejects with `store-hash-ended` (unavailable) where the thread died.
   */
  hash(job: HashJob): Promise<HashAnswer> {
    const { bytes, parts } = job
    const isWhole = bytes.byteOffset === 0 && bytes.length === bytes.buffer.byteLength
    if (bytes.length < asideBytes || !isWhole || this.#threads.length === 0) {
      const digests = parts.map(({ at, length }) =>
        nodeCrypto.sha256(bytes.subarray(at, at + length)),
      )
      return Promise.resolve({ bytes, digests })
    }
    return this.#ask<HashAnswer>(this.#leastBusy(), job, [bytes.buffer])
  }

  /** Begins a run: all of it goes to one thread, which dies with it where it dies. */
  beginRun(): HashRun {
    if (this.#threads.length === 0 || this.#isClosed) return this.#runHere()
    const run = this.#nextRun++
    const thread = this.#leastBusy()
    return {
      hash: ({ bytes, parts }) =>
        this.#ask<HashAnswer>(thread, { bytes, parts, run }, [bytes.buffer]),
      end: async () => (await this.#ask<RunDigest>(thread, { endedRun: run }, [])).sha384,
    }
  }

  #runHere(): HashRun {
    const digest = createHash('sha384')
    return {
      hash: (job) => {
        digest.update(job.bytes)
        return this.hash(job)
      },
      end: async () => digest.digest(),
    }
  }

  #ask<Given extends Answer>(
    { worker, waiting, ended }: Thread,
    asked: HashJob | RunEnd,
    transfer: ArrayBuffer[],
  ): Promise<Given> {
    if (this.#isClosed) return Promise.reject(storeClosed())
    if (ended !== undefined) return Promise.reject(ended)
    return new Promise((resolve, reject) => {
      // A thread answers in order, each question with its own kind.
      waiting.push({ resolve: resolve as Waiting['resolve'], reject })
      // A busy thread keeps the process alive, an idle one does not.
      worker.ref()
      worker.postMessage(asked, transfer)
    })
  }

  /** Ends the threads; jobs under way are rejected. */
  async close(): Promise<void> {
    this.#isClosed = true
    const threads = this.#threads.flatMap((thread) => thread ?? [])
    for (const { waiting } of threads) reject(waiting, storeClosed())
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  #leastBusy(): Thread {
    let least = 0
    for (const [i, thread] of this.#threads.entries()) {
      const best = this.#threads[least]?.waiting.length ?? 0
      if ((thread?.waiting.length ?? 0) < best) least = i
    }
    const thread = this.#threads[least] ?? this.#start(least)
    this.#threads[least] = thread
    return thread
  }

  #start(at: number): Thread {
    const worker = new Worker(workerUrl, { resourceLimits, env: threadEnvironment(), name: 'hash' })
    const waiting: Waiting[] = []
    const thread: Thread = { worker, waiting }
    const lose = (reason: string) => {
      if (this.#threads[at] === thread) this.#threads[at] = undefined
      thread.ended ??= hashThreadEnded(reason)
      reject(waiting, thread.ended)
    }
    worker.on('message', (answer: Answer) => {
      waiting.shift()?.resolve(answer)
      if (waiting.length === 0) worker.unref()
    })
    worker.on('error', (error) => lose(error.message))
    worker.on('messageerror', (error) => lose(error.message))
    worker.on('exit', (code) => lose(`exit code ${code}`))
    return thread
  }
}

function reject(waiting: Waiting[], error: Error): void {
  for (const { reject: refuse } of waiting.splice(0)) refuse(error)
}
