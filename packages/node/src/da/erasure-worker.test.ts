import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { openErasureEngine } from './erasure-engine.ts'
import { loadErasureKernel } from './kernel.ts'

it('works on several threads at once; the kernel and memory are sent, not copied', async () => {
  const kernel = await loadErasureKernel(createRuntime().disk)
  const engine = openErasureEngine(kernel, { arenaBytes: 2 ** 23 })
  const [k, n, pieceBytes] = [64, 192, 4096]
  const data = engine.allocate(k * pieceBytes)
  data.forEach((_, i) => {
    data[i] = (i * i) >> 5
  })
  const url = new URL('erasure-worker.fixture.ts', import.meta.url)
  const workers = [1, 2].map(() => new Worker(url, { workerData: { kernel, data, k, n } }))
  const replies = await Promise.all(workers.map((worker) => once(worker, 'message')))
  const expected = engine.allocate((n - k) * pieceBytes)
  engine.encode({ k, n, pieceBytes }, data, expected)
  for (const [parity] of replies as [Uint8Array][]) {
    expect(parity.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect(Buffer.compare(parity, expected)).toBe(0)
  }
  await Promise.all(workers.map((worker) => worker.terminate()))
})
