import { parentPort, workerData } from 'node:worker_threads'
import { Meter } from '../meter.ts'

/**
 * A thread as compute has them, with its stack: runs `main(1e6)` of each prepared module it is given
 * and posts the code of what each ends with.
 */
const ended = (workerData as Uint8Array<ArrayBuffer>[]).map((bytes) => {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  const meter = Meter.of(exports, 65_536)
  const main = exports.main as (depth: number) => number
  meter?.begin(1e9)
  try {
    return String(main(1e6))
  } catch (error) {
    return meter?.reasonOf(error).code ?? String(error)
  }
})
parentPort?.postMessage(ended)
