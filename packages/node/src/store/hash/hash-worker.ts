import { hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { HashAnswer, HashJob } from './job.ts'

/**
 * Entry of a hashing thread: bytes in, the same bytes and their digests out. It holds no state, and it
 * imports nothing of ours, so that it starts in a few milliseconds.
 */
parentPort?.on('message', ({ bytes, parts }: HashJob) => {
  const digests = parts.map(({ at, length }) =>
    hash('sha256', bytes.subarray(at, at + length), 'buffer'),
  )
  const answer: HashAnswer = { bytes, digests }
  parentPort?.postMessage(answer, [bytes.buffer])
})
