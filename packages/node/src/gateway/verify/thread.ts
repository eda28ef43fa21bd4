import { Worker } from 'node:worker_threads'
import { threadEnvironment } from '../../runtime/index.ts'
import { type Job, packBatch, type Verdict } from './batch.ts'
import { verifierCrashed } from './errors.ts'

/** The answer a batch under way is waited for. */
type Waiting = { resolve(verdicts: readonly Verdict[]): void; reject(error: Error): void }

/**
 * One verification thread and the batches under way to it, which it answers in their order. It starts with
 * its first batch, and again with the next one after a crash, so a thread that cannot start never spins.
 */
export class Thread {
  readonly #workerUrl: URL
  #worker: Worker | undefined
  #waiting: Waiting[] = []

  constructor(workerUrl: URL) {
    this.#workerUrl = workerUrl
  }

  /** Batches without an answer. */
  get underWay(): number {
    return this.#waiting.length
  }

  /** Verifies a batch. Rejects with `verifier-crashed` where the thread ends before it answers. */
  run(jobs: readonly Job[]): Promise<readonly Verdict[]> {
    const worker = this.#worker ?? this.#start()
    const batch = packBatch(jobs)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      // A busy thread keeps the process alive, an idle one does not.
      worker.ref()
      worker.postMessage(batch, [batch.bytes.buffer])
    })
  }

  /** Ends the thread; what is under way is rejected with `reason`. */
  async close(reason: Error): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    this.#rejectAll(reason)
    await worker?.terminate()
  }

  #start(): Worker {
    const worker = new Worker(this.#workerUrl, { env: threadEnvironment(), name: 'verify' })
    this.#worker = worker
    worker.on('message', (verdicts: readonly Verdict[]) => {
      // What a thread given up still says is no answer to its successor's batch.
      if (worker !== this.#worker) return
      const answered = this.#waiting.shift()
      if (this.#waiting.length === 0) worker.unref()
      answered?.resolve(verdicts)
    })
    worker.on('error', (error) => this.#lost(worker, error.message))
    worker.on('messageerror', (error) => this.#lost(worker, error.message))
    worker.on('exit', (exitCode) => this.#lost(worker, `exit code ${exitCode}`))
    return worker
  }

  #lost(worker: Worker, reason: string): void {
    // `error` is followed by `exit`; by then another worker may be in its place.
    if (worker !== this.#worker) return
    this.#worker = undefined
    worker.terminate()
    this.#rejectAll(verifierCrashed(reason))
  }

  #rejectAll(reason: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(reason)
  }
}
