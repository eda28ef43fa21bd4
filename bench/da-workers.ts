import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { wholeNumber } from './arguments.ts'
import type { EncodeJob, EncodeLap } from './da-encode-worker.ts'
import { best, median } from './da-stage.ts'
import { report } from './report.ts'

const workerCount = 2
const rounds = wholeNumber('rounds', 21)
const lapMs = 160

/**
 * The kernel on one worker thread and on two at once, round after round: what a second core adds. By the
 * wall, as threads that wait for a core use no CPU time.
 */
export async function measureWorkers(
  kernel: WebAssembly.Module,
  pieceBytes: number,
  codes: readonly (readonly [number, number])[],
): Promise<void> {
  const url = new URL('da-encode-worker.ts', import.meta.url)
  const workerData: EncodeJob = { kernel, pieceBytes }
  const workers = Array.from({ length: workerCount }, () => new Worker(url, { workerData }))
  for (const [k, n] of codes) {
    const alone: number[] = []
    const together: number[] = []
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      const one = await lap(workers.slice(0, 1), { k, n, lapMs })
      const all = await lap(workers, { k, n, lapMs })
      if (round === 0) continue
      alone.push(one)
      together.push(all)
    }
    const [value, own] = [best(together), best(alone)]
    report({
      bench: 'da',
      metric: `encode-${k}-${n}-2-workers`,
      value,
      unit: 'MB/s',
      peer: `one worker: ${own.toFixed(0)} MB/s`,
      ratio: value / own,
      note: `by the wall, best of ${rounds} rounds; middle round ${median(together).toFixed(0)} MB/s`,
    })
  }
  await Promise.all(workers.map((worker) => worker.terminate()))
}

/** MB/s of all workers together. */
async function lap(workers: readonly Worker[], asked: EncodeLap): Promise<number> {
  const answers = workers.map((worker) => once(worker, 'message'))
  for (const worker of workers) worker.postMessage(asked)
  const rates = (await Promise.all(answers)) as [number][]
  return rates.reduce((sum, [rate]) => sum + rate, 0)
}
