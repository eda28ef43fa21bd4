import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HeddleError } from '@heddle/protocol/base'
import { createItem, type Item, verifyItem } from '@heddle/protocol/item'
import {
  assignmentDraft,
  hashChainNext,
  hashChainStart,
  type LogEntry,
} from '@heddle/protocol/message'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { openJournal } from '../../journal/index.ts'
import { createRuntime, ed25519Signer, nodeCrypto } from '../../runtime/index.ts'
import { createAvailability } from '../availability.ts'
import { nativeBls } from '../bls.ts'
import { openCertificateStore } from '../http/certificate-store.ts'
import { createRetriever } from '../retriever/retriever.ts'
import { LogCertifier } from './certifier.ts'
import type { LogCertifierOptions } from './options.ts'
import type { ProcessLogs } from './ports.ts'
import { rangesFromJson } from './range.ts'
import { type RecoverLogInput, recoverLog } from './recover.ts'

const runtime = createRuntime()
const scheduler = ed25519Signer(new Uint8Array(32).fill(1))
const user = ed25519Signer(new Uint8Array(32).fill(2))
const folder = mkdtempSync(join(tmpdir(), 'heddle-log-'))
/** Storers that refuse, while it is true. */
let isDown = false

const da = await createAvailability(
  { runtime, folder },
  {
    storers: 4,
    disperser: { encoders: 1, storerTimeoutMs: 60_000, batchMs: 20 },
    wrap:
      (_key, honest) =>
      async (...request) => {
        if (isDown) throw new HeddleError('down', 'unavailable', 'this storer is down')
        return honest(...request)
      },
  },
)
const journal = await openJournal(join(folder, 'ranges'), runtime)
const epoch = await journal.claim()
const stored = await openJournal(join(folder, 'certificates'), runtime)
const certificates = await openCertificateStore(stored, await stored.claim())
const storerSet = (at: number) => da.sets.at(at)
const { lane, engineFor } = da
const retriever = createRetriever({ lane, storerSet, engineFor, bls: nativeBls, ...runtime })

afterAll(async () => {
  await da.close()
  await journal.close()
  await stored.close()
  rmSync(folder, { recursive: true })
})
afterEach(() => {
  isDown = false
})

const text = (value: string) => new TextEncoder().encode(value)
let serial = 0
/** What certifiers told of ranges, in order. */
const told: string[] = []

/** Logs of processes in memory, signed and chained as the scheduler does. */
function createLogs() {
  const logs = new Map<string, LogEntry[]>()
  const listeners: ((processId: string, slot: number) => void)[] = []
  const face: ProcessLogs = {
    entries: async (id, from, limit) => logs.get(id)?.slice(from, from + limit) ?? [],
    head: (id) => logs.get(id)?.length ?? 0,
    processes: () => logs.keys(),
    onScheduled: (listener) => void listeners.push(listener),
  }
  const append = async (processId: string, message: Item, key = scheduler) => {
    const log = logs.get(processId) ?? []
    logs.set(processId, log)
    const last = log.at(-1)?.assignment
    const statement = {
      processId,
      epoch: 0,
      slot: log.length,
      hashChain: last
        ? hashChainNext(last.item.id, last.hashChain, nodeCrypto)
        : hashChainStart(processId, nodeCrypto),
      blockHeight: 1,
      timestampMs: 1000 + log.length,
      messageId: message.id,
      exclude: [],
    }
    const item = await createItem(assignmentDraft(statement), key, nodeCrypto)
    log.push({ assignment: { ...statement, item }, message })
    for (const listener of listeners) listener(processId, log.length - 1)
    return log.length - 1
  }
  const item = (data: string) =>
    createItem({ data: text(data), tags: [{ name: 'N', value: `${serial++}` }] }, user, nodeCrypto)
  return {
    face,
    spawn: async (data = 'spawn') => {
      const spawned = await item(data)
      await append(spawned.id, spawned)
      return spawned.id
    },
    send: async (processId: string, data: string, key = scheduler) =>
      append(processId, await item(data), key),
  }
}

/** Hands on what is published two at a time, so that both are in time for the same blob. */
function inPairs(publish: typeof da.publish): typeof da.publish {
  const waiting: (() => void)[] = []
  return (...given) =>
    new Promise((resolve, reject) => {
      waiting.push(() => void publish(...given).then(resolve, reject))
      if (waiting.length === 2) for (const go of waiting.splice(0)) go()
    })
}

function openCertifier(
  log: ProcessLogs,
  options: Partial<LogCertifierOptions> = {},
  publish = da.publish,
) {
  const asks = (spawn: Item) => Buffer.from(spawn.data).toString() === 'certified'
  const publisher = { publish }
  const deps = {
    ...{ log, publisher, certificates, journal, epoch, runtime, asks, warn: () => {} },
    onPublished: (...range: unknown[]) => told.push(`published ${range}`),
    onCertified: (...range: unknown[]) => told.push(`certified ${range}`),
  }
  return new LogCertifier(deps, { isForAll: true, retryMsMin: 20, retryMsMax: 50, ...options })
}

async function recover(processId: string, more: Pick<RecoverLogInput, 'ranges' | 'scheduler'>) {
  const verify = (item: Item) => verifyItem(item, nodeCrypto)
  const entries: LogEntry[] = []
  const input = { processId, retriever, engine: nodeCrypto, verify, ...more }
  for await (const part of recoverLog(input)) entries.push(...part.entries)
  return entries
}

const idsOf = (entries: readonly LogEntry[]) =>
  entries.map(({ assignment, message }) => [assignment.item.id, message?.id])

async function rangesOf(certifier: LogCertifier, processId: string, from = 0, limit = 100) {
  const page = await certifier.availability(processId, from, limit)
  // Through JSON, as a client gets it.
  return { page, ranges: rangesFromJson(JSON.parse(JSON.stringify(page))) }
}

describe('logs of certified processes', () => {
  it('are certified in order, share blobs, and come back from the newest certificate', async () => {
    const logs = createLogs()
    const certifier = openCertifier(logs.face, {}, inPairs(da.publish))
    const ids = [await logs.spawn(), await logs.spawn()]
    const [first = '', second = ''] = ids
    await Promise.all(ids.map((id) => certifier.certified(id, 0)))
    for (let i = 0; i < 3; i++) {
      const slots = await Promise.all(ids.map((id) => logs.send(id, `message ${i}`)))
      await Promise.all(ids.map((id, at) => certifier.certified(id, slots[at] ?? 0)))
    }
    expect(certifier.certified(first, 0)).toBeUndefined()
    const { page, ranges } = await rangesOf(certifier, first)
    expect(page).toMatchObject({ process: first, head: 4, certifiedTo: 4, next: undefined })
    let slot = 0
    for (const range of ranges) {
      expect(range.fromSlot).toBe(slot)
      slot = range.toSlot
      const publishedAt = told.indexOf(`published ${[first, range.fromSlot, slot]}`)
      expect(publishedAt).toBeGreaterThanOrEqual(0)
      expect(told.indexOf(`certified ${[first, range.fromSlot, slot]}`)).toBeGreaterThan(
        publishedAt,
      )
    }
    expect(slot).toBe(4)
    const other = await rangesOf(certifier, second)
    const signature = (range: (typeof ranges)[0]) => Buffer.from(range.certificate.signature)
    const shared = ranges.filter((a) =>
      other.ranges.some((b) => signature(a).equals(signature(b)) && a.fromByte !== b.fromByte),
    )
    expect(shared.length).toBeGreaterThan(0)
    const truth = idsOf(await logs.face.entries(first, 0, 100))
    expect(idsOf(await recover(first, { ranges }))).toEqual(truth)
    expect(idsOf(await recover(first, { ranges: ranges.slice(-1) }))).toEqual(truth)
    const paged = await rangesOf(certifier, first, 0, 1)
    expect(paged.page).toMatchObject({ next: 1 })
    await certifier.close()
  })

  it('waits while storers are down, says so, and goes on where it was, after a restart too', async () => {
    const logs = createLogs()
    const processId = await logs.spawn()
    const before = openCertifier(logs.face, { waitMs: 100 })
    await before.certified(processId, 0)?.catch(() => undefined)
    isDown = true
    await logs.send(processId, 'a')
    await logs.send(processId, 'b')
    const late = before.certified(processId, 2)
    await expect(late).rejects.toMatchObject({ code: 'slot-not-certified', kind: 'unavailable' })
    await expect(before.certified(processId, 2)).rejects.toThrow(/durable here and not yet/)
    await before.close()
    await expect(before.certified(processId, 2)).rejects.toMatchObject({
      code: 'slot-not-certified',
    })
    isDown = false
    const after = openCertifier(logs.face)
    await after.certified(processId, 2)
    const { ranges } = await rangesOf(after, processId)
    expect(ranges.map((range) => range.fromSlot)).toEqual(
      [0, ...ranges.map((range) => range.toSlot)].slice(0, -1),
    )
    expect((await recover(processId, { ranges })).length).toBe(3)
    await after.close()
  })

  it('wait for nothing where the process does not ask; only so many may wait', async () => {
    const logs = createLogs()
    const certifier = openCertifier(logs.face, { isForAll: false, waitersMax: 1 })
    const [plain, asking] = [await logs.spawn('plain'), await logs.spawn('certified')]
    await certifier.certified(plain, 0)
    expect(certifier.certified(plain, 0)).toBeUndefined()
    await certifier.certified(asking, 0)
    expect((await certifier.availability(plain, 0, 10)).ranges).toEqual([])
    expect((await certifier.availability(asking, 0, 10)).certifiedTo).toBe(1)
    isDown = true
    const slots = [await logs.send(asking, 'a'), await logs.send(asking, 'b')]
    const both = Promise.allSettled(slots.map((slot) => certifier.certified(asking, slot)))
    isDown = false
    expect((await both).map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    await certifier.close()
  })

  it('are not rebuilt from another log, a broken chain or under another scheduler', async () => {
    const logs = createLogs()
    const certifier = openCertifier(logs.face)
    const [one, two] = [await logs.spawn(), await logs.spawn()]
    await certifier.certified(one, 0)
    await certifier.certified(two, 0)
    await logs.send(two, 'signed by somebody else', user)
    await certifier.certified(two, 1)
    const { ranges } = await rangesOf(certifier, one)
    const invalid = { code: 'log-part-invalid' }
    await expect(recover(two, { ranges })).rejects.toMatchObject(invalid)
    await expect(recover(one, { ranges: [] })).rejects.toThrow(/no certificates/)
    await expect(recover(one, { ranges, scheduler: 'x'.repeat(43) })).rejects.toMatchObject(invalid)
    const forged = await rangesOf(certifier, two)
    await expect(recover(two, { ranges: forged.ranges })).rejects.toMatchObject(invalid)
    expect(() => rangesFromJson({ ranges: [{ fromSlot: 0 }] })).toThrow(/no whole number/)
    await certifier.close()
  })
})
