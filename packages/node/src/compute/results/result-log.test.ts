import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HeddleError } from '@heddle/protocol/base'
import { errorResult } from '@heddle/protocol/message'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type OrderedLog, openJournal } from '../../journal/index.ts'
import { createRuntime } from '../../runtime/index.ts'
import { encodeRecord } from './record.ts'
import { ResultLog } from './result-log.ts'

let folder: string
let journal: OrderedLog
let durable: number[]
let refused: unknown[]
let closing: AbortController

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-results-'))
  journal = await openJournal(join(folder, 'journal'), createRuntime())
  durable = []
  refused = []
  closing = new AbortController()
})

afterEach(async () => {
  await journal.close()
  await rm(folder, { recursive: true })
})

function record(n: number): Uint8Array {
  const entry = { messageId: 'A'.repeat(43), timestampMs: n, blockHeight: n, failed: n % 2 === 1 }
  const resultChain = new Uint8Array(32)
  const head = { ...entry, decidedBy: 'module', resultChain } as const
  return encodeRecord(head, JSON.stringify(errorResult(`error ${n}`)))
}

async function openResults(results: OrderedLog, recentBytes = 1): Promise<ResultLog> {
  return new ResultLog({
    results,
    epoch: await journal.claim(),
    timer: createRuntime().timer,
    signal: closing.signal,
    retryMs: 5,
    recentBytes,
    onDurable: (_, slot) => durable.push(slot),
    onRefused: (_, error) => refused.push(error),
  })
}

test('what is pushed becomes durable in order and is read back', async () => {
  const log = await openResults(journal)
  for (let n = 0; n < 600; n++) log.push('p', record(n))
  expect(log.head('p')).toBe(600)
  await log.durable('p', 600)
  expect(durable).toEqual(Array.from({ length: 600 }, (_, i) => i))
  expect((await log.read('p', 599))?.result.Error).toBe('error 599')
  expect(await log.read('p', 600)).toBeUndefined()
  const some = await log.readMany('p', 590, 100)
  expect(some.map((each) => each.slot)).toEqual([590, 591, 592, 593, 594, 595, 596, 597, 598, 599])
  const failed: number[] = []
  for await (const head of log.heads('p', 0, 6)) if (head.failed) failed.push(head.slot)
  expect(failed).toEqual([1, 3, 5])
})

test('the newest records are read from memory, older ones from the disk', async () => {
  const log = await openResults(journal, 2 * record(0).length)
  for (let n = 0; n < 5; n++) log.push('p', record(n))
  await log.durable('p', 5)
  const all = await log.readMany('p', 0, 5)
  expect(all.map((each) => each.result.Error)).toEqual([0, 1, 2, 3, 4].map((n) => `error ${n}`))
})

test('a full disk delays results and loses none', async () => {
  let failures = 3
  const full: OrderedLog = {
    ...bound(journal),
    append: (...given) => {
      if (failures-- > 0) return Promise.reject(new HeddleError('disk-full', 'unavailable', 'full'))
      return journal.append(...given)
    },
  }
  const log = await openResults(full)
  log.push('p', record(0))
  await new Promise((resolve) => setImmediate(resolve))
  log.push('p', record(1))
  expect(durable).toEqual([])
  await log.durable('p', 2)
  expect(durable).toEqual([0, 1])
})

test('a failure after the bytes were safe does not write them twice', async () => {
  let failures = 1
  const late: OrderedLog = {
    ...bound(journal),
    append: async (...given) => {
      await journal.append(...given)
      if (failures-- > 0) throw new HeddleError('disk-failed', 'unavailable', 'too late')
    },
  }
  const log = await openResults(late)
  for (let n = 0; n < 3; n++) log.push('p', record(n))
  await log.durable('p', 3)
  expect(journal.head('p')).toBe(3)
})

test('a unit that was fenced off stops, and says so', async () => {
  const log = await openResults(journal)
  await journal.claim()
  log.push('p', record(0))
  await log.durable('p', 1)
  expect(refused).toMatchObject([{ code: 'epoch-stale' }])
  expect(durable).toEqual([])
  expect(log.head('p')).toBe(0)
})

test('closing gives up what the disk would not take', async () => {
  const never: OrderedLog = {
    ...bound(journal),
    append: () => Promise.reject(new HeddleError('disk-full', 'unavailable', 'full')),
  }
  const log = await openResults(never)
  log.push('p', record(0))
  closing.abort()
  await log.close()
  expect(durable).toEqual([])
  expect(refused).toEqual([])
})

function bound(log: OrderedLog): OrderedLog {
  return {
    append: (...given) => log.append(...given),
    read: (...given) => log.read(...given),
    head: (name) => log.head(name),
    logs: () => log.logs(),
    claim: () => log.claim(),
    close: () => log.close(),
  }
}
