import { createHash, hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { HashAnswer, HashJob, RunDigest, RunEnd } from './job.ts'

/** Digests in the making, by the number of their run. */
const runs = new Map<number, ReturnType<typeof createHash>>()

/**
 * Entry of a hashing thread: bytes in, the same bytes and their digests out. Of runs it holds what they
 * hashed so far, and nothing else; it imports nothing of ours, so that it starts in a few milliseconds.
 */
parentPort?.on('message', (asked: HashJob | RunEnd) => {
  if ('endedRun' in asked) {
    const answer: RunDigest = { sha384: runOf(asked.endedRun).digest() }
    runs.delete(asked.endedRun)
    parentPort?.postMessage(answer)
    return
  }
  const { bytes, parts, run } = asked
  if (run !== undefined) runOf(run).update(bytes)
  const digests = parts.map(({ at, length }) =>
    hash('sha256', bytes.subarray(at, at + length), 'buffer'),
  )
  const answer: HashAnswer = { bytes, digests }
  parentPort?.postMessage(answer, [bytes.buffer])
})

function runOf(run: number) {
  const digest = runs.get(run) ?? createHash('sha384')
  runs.set(run, digest)
  return digest
}
