import { parentPort, workerData } from 'node:worker_threads'
import { openErasureEngine } from '@heddle/node/da'

/** What a worker is started with, and what it is asked: encode stripes for so long. */
export type EncodeJob = { readonly kernel: WebAssembly.Module; readonly pieceBytes: number }
export type EncodeLap = { readonly k: number; readonly n: number; readonly lapMs: number }

const { kernel, pieceBytes } = workerData as EncodeJob
const rowsMost = 256
const engine = openErasureEngine(kernel, { arenaBytes: (rowsMost + 64) * pieceBytes })
const rows = engine.allocate(rowsMost * pieceBytes)
for (let i = 0; i < rows.length; i++) rows[i] = (i * i) >> 5

parentPort?.on('message', ({ k, n, lapMs }: EncodeLap) => {
  const data = rows.subarray(0, k * pieceBytes)
  const parity = rows.subarray(k * pieceBytes, n * pieceBytes)
  const startMs = performance.now()
  let bytes = 0
  let elapsedMs = 0
  while (elapsedMs < lapMs) {
    engine.encode({ k, n, pieceBytes }, data, parity)
    bytes += data.length
    elapsedMs = performance.now() - startMs
  }
  // Bytes a millisecond are kilobytes a second.
  parentPort?.postMessage(bytes / 1000 / elapsedMs)
})
