import { parentPort } from 'node:worker_threads'
import type { Request } from './protocol.ts'
import './worker.ts'

/** The catalog's thread, which ends without a word at every third write and every fifth look. */
const livesOf: Readonly<Record<string, number>> = { write: 3, find: 5 }
const seen: Record<string, number> = {}

parentPort?.on('message', (requests: readonly Request[]) => {
  for (const { name } of requests) {
    seen[name] = (seen[name] ?? 0) + 1
    if (seen[name] === livesOf[name]) process.exit(7)
  }
})
