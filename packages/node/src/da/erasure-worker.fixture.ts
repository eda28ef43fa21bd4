import { parentPort, workerData } from 'node:worker_threads'
import { openErasureEngine } from './erasure-engine.ts'

type Job = { kernel: WebAssembly.Module; data: Uint8Array; k: number; n: number }

/** Encodes on a thread of its own and hands its arena's buffer back without a copy. */
const { kernel, data, k, n } = workerData as Job
const engine = openErasureEngine(kernel, { arenaBytes: 2 ** 22 })
const pieceBytes = data.length / k
const parity = engine.allocate((n - k) * pieceBytes)
engine.encode({ k, n, pieceBytes }, data, parity)
parentPort?.postMessage(parity)
