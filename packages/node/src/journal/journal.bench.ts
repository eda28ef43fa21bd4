import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRuntime } from '../runtime/index.ts'
import { openJournal } from './index.ts'
import type { OrderedLog } from './ports.ts'

/**
 * Figures of the journal on this machine's disk: `node packages/node/src/journal/journal.bench.ts`.
 * One JSON line for each, as `npm run bench` prints them. Records are 1 KiB, 1,000 logs.
 */
const runtime = createRuntime()
const body = new Uint8Array(1024).fill(5)

function report(metric: string, value: number, unit: string): void {
  process.stdout.write(`${JSON.stringify({ bench: 'journal', metric, value, unit })}\n`)
}

/** Appends from `writers` at once, each to its own logs, `batch` records a call. */
async function appendAll(log: OrderedLog, prefix: string, writers: number, batch: number) {
  const durationMs = 2_000
  const start = runtime.clock.elapsedMs()
  const records = Array.from({ length: batch }, () => body)
  let count = 0
  const run = async (writer: number) => {
    for (let round = 0; runtime.clock.elapsedMs() - start < durationMs; round++) {
      const name = `${prefix}/${writer}/${round % Math.ceil(1000 / writers)}`
      await log.append(name, log.head(name), 0, records)
      count += batch
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, writer) => run(writer)))
  return Math.round((count * 1000) / (runtime.clock.elapsedMs() - start))
}

async function measure(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'heddle-bench-'))
  try {
    const log = await openJournal(folder, runtime)
    for (const [writers, batch] of [
      [1, 1],
      [32, 1],
      [256, 1],
      [1, 100],
      [4, 100],
    ] as const) {
      const value = await appendAll(log, `${writers}x${batch}`, writers, batch)
      report(`append/writers=${writers}/batch=${batch}`, value, 'records/s')
    }
    let start = runtime.clock.elapsedMs()
    let records = 0
    for (const name of log.logs()) records += (await log.read(name, 0, 1_000_000)).length
    const readMs = runtime.clock.elapsedMs() - start
    report('read', Math.round((records * 1000) / readMs), 'records/s')
    await log.close()
    start = runtime.clock.elapsedMs()
    const again = await openJournal(folder, runtime)
    const openMs = runtime.clock.elapsedMs() - start
    report('open', Math.round((records * 1000) / openMs), 'records/s')
    await again.close()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

await measure()
