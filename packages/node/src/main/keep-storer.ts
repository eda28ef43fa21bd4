import { type ChildProcess, spawn } from 'node:child_process'
import { getCompileCacheDir } from 'node:module'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { HeddleError } from '@heddle/protocol/base'
import type { Runtime } from '../runtime/index.ts'

/** How a storer's process ended, and when the next one is started. */
export type StorerFate = { readonly why: string; readonly restartInMs: number }

/** A storer's process, and its followers. */
export type KeptStorer = {
  /** Of its lane; the same after every restart, since the storer set's file says it. */
  readonly port: number
  close(): Promise<void>
}

const program = `./storer-process${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`
/** First pause before a restart; doubles up to the most, and is the first again after a calm time. */
const pauseMsMin = 500
const pauseMsMax = 30_000
const calmMs = 60_000

/**
 * Starts a storer in a process of its own, and again whenever it ends. Rejects with `storer-start-failed`
 * where the first one does not come up.
 */
export async function keepStorer(
  { clock, timer }: Pick<Runtime, 'clock' | 'timer'>,
  folder: string,
  storerSetFile: string,
  onExit: (folder: string, fate: StorerFate) => void,
): Promise<KeptStorer> {
  const stop = new AbortController()
  const { signal } = stop
  let child = startChild(folder, storerSetFile, 0)
  let ended = endOf(child)
  const port = await portOf(child, folder)
  const follow = async () => {
    let pauseMs = pauseMsMin
    while (!signal.aborted) {
      const startedMs = clock.elapsedMs()
      const why = await ended
      if (signal.aborted) return
      if (clock.elapsedMs() - startedMs > calmMs) pauseMs = pauseMsMin
      onExit(folder, { why, restartInMs: pauseMs })
      await timer.sleep(pauseMs, signal)
      pauseMs = Math.min(pauseMsMax, pauseMs * 2)
      child = startChild(folder, storerSetFile, port)
      ended = endOf(child)
      // What keeps it from coming up ends it as well, and is told with its end.
      await portOf(child, folder).catch(() => child.kill('SIGKILL'))
    }
  }
  const followed = follow().catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
  return {
    port,
    async close() {
      stop.abort()
      child.kill('SIGTERM')
      await ended
      await followed
    },
  }
}

/** Resolves with how it ended. */
function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, endedBy) => resolve(endedBy ?? `code ${code}`))
  })
}

function startChild(folder: string, storerSetFile: string, port: number): ChildProcess {
  const path = fileURLToPath(new URL(program, import.meta.url))
  const args = [path, folder, storerSetFile, String(port), getCompileCacheDir() ?? '']
  return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
}

function portOf(child: ChildProcess, folder: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      const text = `the storer of ${folder} did not start: ${why}`
      reject(new HeddleError('storer-start-failed', 'unavailable', text, { folder }))
    }
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code) => fail(`it ended with ${code}`))
    if (child.stdout === null) return fail('it has no output')
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /^ready tcp:\/\/\S+:(\d+)$/.exec(line)
      if (ready?.[1] !== undefined) resolve(Number(ready[1]))
    })
  })
}
