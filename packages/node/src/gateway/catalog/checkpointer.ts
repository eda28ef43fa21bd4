import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { threadEnvironment } from '../../runtime/index.ts'

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const threadUrl = new URL(`./checkpoint-thread${extension}`, import.meta.url)

/** Checkpoints the index file on a thread of its own, which starts with the first checkpoint. */
export class Checkpointer {
  readonly #path: string
  #worker: Worker | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** Resolves when one has been made; rejects where the thread ended before. One call at a time. */
  async run(): Promise<void> {
    const worker = this.#thread()
    worker.ref()
    try {
      worker.postMessage('checkpoint')
      await once(worker, 'message')
    } catch (error) {
      this.#worker = undefined
      throw error
    } finally {
      worker.unref()
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    if (worker === undefined) return
    worker.ref()
    const ended = once(worker, 'exit')
    worker.postMessage('close')
    await ended
  }

  #thread(): Worker {
    this.#worker ??= new Worker(threadUrl, {
      workerData: this.#path,
      env: threadEnvironment(),
      name: 'checkpoint',
    })
    return this.#worker
  }
}
