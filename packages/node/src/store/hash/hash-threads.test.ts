import { equalBytes } from '@heddle/protocol/base'
import { afterEach, expect, it } from 'vitest'
import { nodeCrypto } from '../../runtime/index.ts'
import { patternBytes } from '../testing/store-folder.ts'
import { HashThreads } from './hash-threads.ts'

let threads = new HashThreads(1)

afterEach(async () => {
  await threads.close()
  threads = new HashThreads(1)
})

it('hashes parts of large buffers aside and small ones at once, to the same digests', async () => {
  for (const length of [0, 1000, 300_000]) {
    const bytes = patternBytes(length, 5)
    const expected = [nodeCrypto.sha256(bytes), nodeCrypto.sha256(bytes.subarray(7, 500))]
    const parts = [
      { at: 0, length },
      { at: 7, length: Math.max(0, Math.min(500, length) - 7) },
    ]
    const copy = bytes.slice()
    const answer = await threads.hash({ bytes: copy, parts })
    expect(answer.digests.map((digest) => new Uint8Array(digest))).toEqual(expected)
    expect(equalBytes(answer.bytes, bytes)).toBe(true)
    // A large buffer is handed over: the caller's view of it is empty.
    expect(copy.length).toBe(length >= 300_000 ? 0 : length)
  }
})

it('answers many jobs at once, each with its own', async () => {
  const jobs = Array.from({ length: 20 }, (_, i) => new Uint8Array(70_000 + i).fill(i))
  const expected = jobs.map((bytes) => nodeCrypto.sha256(bytes))
  const answers = await Promise.all(
    jobs.map((bytes) => threads.hash({ bytes, parts: [{ at: 0, length: bytes.length }] })),
  )
  for (const [i, { digests }] of answers.entries()) {
    expect(new Uint8Array(digests[0] ?? [])).toEqual(expected[i])
  }
})

it('rejects what is under way when it closes, and all after', async () => {
  const job = () => ({ bytes: new Uint8Array(100_000), parts: [{ at: 0, length: 100_000 }] })
  const running = expect(threads.hash(job())).rejects.toMatchObject({ code: 'store-closed' })
  await threads.close()
  await running
  await expect(threads.hash(job())).rejects.toMatchObject({ code: 'store-closed' })
})

it('digests runs beside each other, whatever the size of their jobs, with and without threads', async () => {
  const none = new HashThreads(0)
  const jobs = (fill: number) =>
    [300_000, 10, 70_000].map((length) => new Uint8Array(patternBytes(length, fill)))
  const runJobs = async (pool: HashThreads, pieces: readonly Uint8Array<ArrayBuffer>[]) => {
    const run = pool.beginRun()
    const answers = pieces.map((bytes) =>
      run.hash({ bytes: bytes.slice(), parts: [{ at: 0, length: bytes.length }] }),
    )
    const digests = (await Promise.all(answers)).map(
      (answer) => new Uint8Array(answer.digests[0] ?? []),
    )
    return { digests, sha384: new Uint8Array(await run.end()) }
  }
  for (const pool of [threads, none]) {
    const [first, second] = [jobs(1), jobs(2)]
    const found = await Promise.all([runJobs(pool, first), runJobs(pool, second)])
    for (const [i, pieces] of [first, second].entries()) {
      expect(found[i]?.digests).toEqual(pieces.map((piece) => nodeCrypto.sha256(piece)))
      expect(found[i]?.sha384).toEqual(nodeCrypto.sha384(Buffer.concat(pieces)))
    }
  }
})

it('rejects what comes to a run whose thread is gone', async () => {
  const run = threads.beginRun()
  await run.hash({ bytes: new Uint8Array(70_000), parts: [] })
  await threads.close()
  await expect(run.hash({ bytes: new Uint8Array(5), parts: [] })).rejects.toMatchObject({
    code: 'store-closed',
  })
  await expect(run.end()).rejects.toMatchObject({ code: 'store-closed' })
})
