import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isHeddleError } from '@heddle/protocol/base'
import { createItem } from '@heddle/protocol/item'
import { hashChainStart } from '@heddle/protocol/message'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeCrypto } from '../runtime/index.ts'
import { checkedLog } from './testing/checked-log.ts'
import {
  messageItem,
  nodeSigner,
  openWorld,
  otherSigner,
  processItem,
  text,
  userSigner,
  type World,
} from './testing/fixture.ts'

/** An id of nothing that exists. */
const unhosted = `${'C'.repeat(42)}A`

let world: World
beforeEach(async () => {
  world = await openWorld()
})
afterEach(() => world.close())

async function spawn(): Promise<string> {
  const item = await processItem()
  await world.scheduler.schedule(item)
  return item.id
}

/** The error a promise rejects with. */
async function refusal(promise: Promise<unknown>) {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (isHeddleError(error)) return { code: error.code, kind: error.kind, details: error.details }
  throw new Error(`expected a HeddleError, got ${error}`)
}

describe('ordering', () => {
  test('slot 0 is the process, later slots its messages, signed and chained', async () => {
    const process = await processItem()
    expect(await world.scheduler.schedule(process)).toEqual({
      id: process.id,
      processId: process.id,
      slot: 0,
      timestampMs: world.clock.nowMs,
    })
    const message = await messageItem(process.id)
    const receipt = await world.scheduler.schedule(message)
    expect(receipt).toMatchObject({ id: message.id, processId: process.id, slot: 1 })
    const [first, second] = await checkedLog(world.scheduler, process.id)
    expect(first?.message?.id).toBe(process.id)
    expect(first?.assignment.hashChain).toBe(hashChainStart(process.id, nodeCrypto))
    expect(first?.assignment.item.tags.some(({ name }) => name === 'Message')).toBe(false)
    expect(second?.message?.bytes).toEqual(message.bytes)
    expect(second?.assignment).toMatchObject({ epoch: 0, blockHeight: 7, messageId: message.id })
    expect([...world.scheduler.processes()]).toEqual([process.id])
  })

  test('many messages in flight get gapless slots in the order they came, in few commits', async () => {
    const processId = await spawn()
    const items = await Promise.all(Array.from({ length: 300 }, () => messageItem(processId)))
    const heard: number[] = []
    const { nowMs } = world.clock
    world.scheduler.onScheduled((id, slot, receivedMs) => {
      expect([id, receivedMs]).toEqual([processId, nowMs])
      expect(world.scheduler.head(processId)).toBeGreaterThan(slot)
      heard.push(slot)
    })
    world.faults.syncDelayMs = 100
    const before = world.faults.syncs
    const scheduled = items.map((item) => world.scheduler.schedule(item))
    world.clock.nowMs += 5
    const receipts = await Promise.all(scheduled)
    expect(world.faults.syncs - before).toBeLessThan(60)
    expect(receipts.map(({ slot }) => slot)).toEqual(items.map((_, at) => at + 1))
    expect(heard).toEqual(receipts.map(({ slot }) => slot))
    await checkedLog(world.scheduler, processId)
  })

  test('a message may follow its spawn before that is durable', async () => {
    const process = await processItem()
    const message = await messageItem(process.id)
    const receipts = await Promise.all([
      world.scheduler.schedule(process),
      world.scheduler.schedule(message),
    ])
    expect(receipts.map(({ slot }) => slot)).toEqual([0, 1])
  })

  test('timestamps rise though the clock stands, goes back, and the node restarts', async () => {
    const processId = await spawn()
    await world.scheduler.schedule(await messageItem(processId))
    world.clock.nowMs -= 60_000
    await world.scheduler.schedule(await messageItem(processId))
    await world.restart()
    world.baseLayer.height = 3
    await world.scheduler.schedule(await messageItem(processId))
    const entries = await checkedLog(world.scheduler, processId)
    const first = entries[0]?.assignment.timestampMs ?? 0
    expect(entries.map((entry) => entry.assignment.timestampMs - first)).toEqual([0, 1, 2, 3])
  })
})

describe('refusals', () => {
  const ao = { name: 'Data-Protocol', value: 'ao' }
  const isMessage = { name: 'Type', value: 'Message' }
  const cases = [
    ['no Data-Protocol', [isMessage]],
    ['another type', [ao, { name: 'Type', value: 'Assignment' }]],
    [
      'a process without Scheduler',
      [ao, { name: 'Type', value: 'Process' }, { name: 'Module', value: 'm' }],
    ],
    ['a +link name', [ao, isMessage, { name: 'body+link', value: 'x' }]],
    ['a +link value', [ao, isMessage, { name: 'body', value: 'x+link' }]],
    ['no target', [ao, isMessage]],
  ] as const

  test.each(cases)('%s', async (_, tags) => {
    const item = await createItem({ data: text('x'), tags }, userSigner, nodeCrypto)
    expect(await refusal(world.scheduler.schedule(item))).toMatchObject({
      code: 'item-refused',
      kind: 'invalid',
    })
  })

  test('a message for a process that is not here', async () => {
    const processId = await spawn()
    const item = await messageItem(unhosted)
    expect(await refusal(world.scheduler.schedule(item))).toMatchObject({ kind: 'missing' })
    expect(await refusal(world.scheduler.assign(unhosted, processId, {}))).toMatchObject({
      code: 'unknown-process',
    })
    await expect(world.scheduler.schedule(item)).rejects.toThrow('Known here: 1')
    expect(world.scheduler.head(unhosted)).toBe(0)
  })

  test('an item beyond the size limit', async () => {
    await world.close()
    world = await openWorld({ itemBytesMax: 1000 })
    const processId = await spawn()
    const item = await messageItem(processId, [], userSigner, new Uint8Array(1000))
    expect(await refusal(world.scheduler.schedule(item))).toMatchObject({ code: 'item-refused' })
  })

  test('more in flight than the limit, then service again', async () => {
    await world.close()
    world = await openWorld({ pendingMax: 2 })
    const processId = await spawn()
    const items = await Promise.all([1, 2, 3].map(() => messageItem(processId)))
    const results = await Promise.allSettled(items.map((item) => world.scheduler.schedule(item)))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
    const [, , third] = items
    if (third === undefined) throw new Error('three items were made')
    expect(await world.scheduler.schedule(third)).toMatchObject({ slot: 3 })
  })

  test('anything after close', async () => {
    const processId = await spawn()
    const item = await messageItem(processId)
    const closing = world.scheduler.close()
    expect(await refusal(world.scheduler.schedule(item))).toMatchObject({
      code: 'scheduler-closed',
    })
    await closing
  })
})

describe('repeats', () => {
  test('of a process are told where the index lost its id: it is slot 0 or nothing', async () => {
    const process = await processItem()
    await world.scheduler.schedule(process)
    await world.scheduler.schedule(await messageItem(process.id))
    await world.restart(async () => {
      const index = new DatabaseSync(join(world.folder, 'index', 'ids.sqlite'))
      index.exec('delete from entry where slot = 0')
      index.close()
    })
    const error = await refusal(world.scheduler.schedule(process))
    expect(error).toMatchObject({ code: 'message-exists', details: { slot: 0 } })
    expect(world.scheduler.head(process.id)).toBe(2)
  })

  test('of an item name the first receipt, in flight and across a restart', async () => {
    const processId = await spawn()
    const item = await messageItem(processId)
    const results = await Promise.allSettled([1, 2, 3].map(() => world.scheduler.schedule(item)))
    expect(results.map(({ status }) => status).sort()).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
    ])
    const first = { id: item.id, processId, slot: 1, timestampMs: world.clock.nowMs + 1 }
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason.details).toEqual(first)
      else expect(result.value).toEqual(first)
    }
    await world.restart()
    expect(await refusal(world.scheduler.schedule(item))).toEqual({
      code: 'message-exists',
      kind: 'conflict',
      details: first,
    })
    expect(world.scheduler.head(processId)).toBe(2)
  })

  test('of a spawn', async () => {
    const item = await processItem()
    await world.scheduler.schedule(item)
    expect(await refusal(world.scheduler.schedule(item))).toMatchObject({
      code: 'message-exists',
      details: { id: item.id, slot: 0 },
    })
  })

  test('of a delivery are dropped per signer and process', async () => {
    const [processId, otherId] = [await spawn(), await spawn()]
    const delivery = [{ name: 'Delivery-Id', value: 'p/0/1/0' }]
    const first = await messageItem(processId, delivery)
    const [receipt] = await Promise.all([
      world.scheduler.schedule(first),
      refusal(world.scheduler.schedule(await messageItem(processId, delivery))),
    ])
    await world.restart()
    const repeat = await messageItem(processId, delivery)
    expect(await refusal(world.scheduler.schedule(repeat))).toEqual({
      code: 'message-exists',
      kind: 'conflict',
      details: receipt,
    })
    const bySomebodyElse = await messageItem(processId, delivery, otherSigner)
    expect(await world.scheduler.schedule(bySomebodyElse)).toMatchObject({ slot: 2 })
    const elsewhere = await messageItem(otherId, delivery)
    expect(await world.scheduler.schedule(elsewhere)).toMatchObject({ slot: 1 })
  })

  test.each([
    ['deleted', (path: string) => rm(path)],
    ['damaged', (path: string) => writeFile(path, 'this is no index')],
  ])('are known though the index was %s', async (_, harm) => {
    const processId = await spawn()
    const items = await Promise.all(Array.from({ length: 50 }, () => messageItem(processId)))
    for (const item of items) await world.scheduler.schedule(item)
    await world.restart(() => harm(join(world.folder, 'index', 'ids.sqlite')))
    for (const item of items) {
      expect(await refusal(world.scheduler.schedule(item))).toMatchObject({
        code: 'message-exists',
      })
    }
    expect(await world.scheduler.schedule(await messageItem(processId))).toMatchObject({ slot: 51 })
  })

  test('an index of another journal is dropped', async () => {
    const processId = await spawn()
    const item = await messageItem(processId)
    await world.scheduler.schedule(item)
    await world.restart(() => rm(join(world.folder, 'log'), { recursive: true }))
    expect(await world.scheduler.slotOf(processId, item.id)).toBeUndefined()
    expect([...world.scheduler.processes()]).toEqual([])
  })
})

describe('assigning', () => {
  test('an item the node knows: no message in the entry, excluded fields stated', async () => {
    const processId = await spawn()
    const item = await messageItem(unhosted)
    expect(await refusal(world.scheduler.assign(processId, item.id, {}))).toMatchObject({
      code: 'unknown-item',
      kind: 'missing',
    })
    world.items.set(item.id, item)
    const options = { exclude: ['Data', 'Tags'] }
    const receipt = await world.scheduler.assign(processId, item.id, options)
    const [, entry] = await checkedLog(world.scheduler, processId)
    expect(entry?.message).toBeUndefined()
    expect(entry?.assignment).toMatchObject({ messageId: item.id, exclude: ['Data', 'Tags'] })
    expect(receipt).toMatchObject({ id: entry?.assignment.item.id, slot: 1 })
    expect(await refusal(world.scheduler.assign(processId, item.id, {}))).toEqual({
      code: 'message-exists',
      kind: 'conflict',
      details: receipt,
    })
    expect(await world.scheduler.slotOf(processId, item.id)).toBe(1)
    expect(await world.scheduler.slotOf(processId, receipt.id)).toBe(1)
  })

  test('one item to several processes', async () => {
    const [one, two] = [await spawn(), await spawn()]
    world.items.set(two, await processItem())
    expect(await world.scheduler.assign(one, two, {})).toMatchObject({ processId: one, slot: 1 })
    const message = await messageItem(one)
    world.items.set(message.id, message)
    await world.scheduler.schedule(message)
    expect(await world.scheduler.assign(two, message.id, {})).toMatchObject({ slot: 1 })
    expect(await refusal(world.scheduler.assign(one, message.id, {}))).toMatchObject({
      code: 'message-exists',
      details: { id: message.id, slot: 2 },
    })
  })

  test('from the base layer only what it has settled', async () => {
    const processId = await spawn()
    const id = unhosted
    const options = { baseLayer: true }
    expect(await refusal(world.scheduler.assign(processId, id, options))).toMatchObject({
      code: 'base-layer-unsettled',
    })
    world.baseLayer.settled.add(id)
    expect(await world.scheduler.assign(processId, id, options)).toMatchObject({ slot: 1 })
  })

  test.each([[['bad name']], [Array.from({ length: 17 }, (_, at) => `Field${at}`)]])(
    'refuses exclude %j',
    async (exclude) => {
      const processId = await spawn()
      expect(
        await refusal(world.scheduler.assign(processId, processId, { exclude })),
      ).toMatchObject({ code: 'request-invalid' })
    },
  )
})

describe('a failing disk or key', () => {
  test('fails all that was in flight, and the log goes on where it was durable', async () => {
    const processId = await spawn()
    const items = await Promise.all(Array.from({ length: 20 }, () => messageItem(processId)))
    world.faults.failNextWrites = 2
    const results = await Promise.allSettled(items.map((item) => world.scheduler.schedule(item)))
    for (const result of results) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: 'not-durable', kind: 'unavailable' },
      })
      if (result.status === 'rejected') expect(result.reason.message).toContain('(disk-full)')
    }
    expect(world.scheduler.head(processId)).toBe(1)
    world.faults.failNextWrites = 0
    const receipts = await Promise.all(items.map((item) => world.scheduler.schedule(item)))
    expect(receipts.map(({ slot }) => slot)).toEqual(items.map((_, at) => at + 1))
    await checkedLog(world.scheduler, processId)
  })

  test('a failed spawn leaves no process', async () => {
    const item = await processItem()
    world.faults.failNextWrites = 2
    await expect(world.scheduler.schedule(item)).rejects.toThrow('The item has no slot')
    world.faults.failNextWrites = 0
    expect(await refusal(world.scheduler.schedule(await messageItem(item.id)))).toMatchObject({
      code: 'unknown-process',
    })
    expect(await world.scheduler.schedule(item)).toMatchObject({ slot: 0 })
  })

  test('a repeat of an item that failed in flight gets the slot', async () => {
    const processId = await spawn()
    const item = await messageItem(processId)
    world.faults.failNextWrites = 2
    world.faults.syncDelayMs = 5
    const first = world.scheduler.schedule(item).finally(() => {
      world.faults.failNextWrites = 0
    })
    const second = world.scheduler.schedule(item)
    await expect(first).rejects.toThrow('(disk-full)')
    expect(await second).toMatchObject({ slot: 1 })
  })

  test('a log is not continued with another key', async () => {
    const processId = await spawn()
    const item = await messageItem(processId)
    world.keys.signer = otherSigner
    await world.restart()
    expect(await refusal(world.scheduler.schedule(item))).toMatchObject({
      code: 'other-scheduler-key',
      kind: 'unavailable',
    })
    world.keys.signer = nodeSigner
    await world.restart()
    expect(await world.scheduler.schedule(item)).toMatchObject({ slot: 1 })
  })

  test('a newer writer fences this one off', async () => {
    const processId = await spawn()
    await world.journal.claim()
    expect(await refusal(world.scheduler.schedule(await messageItem(processId)))).toMatchObject({
      code: 'not-durable',
    })
  })
})
