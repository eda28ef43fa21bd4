import { rm, writeFile } from 'node:fs/promises'
import { bundleItems, bundleTags } from '@heddle/protocol/item'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, makeItem, type Rig, startRig } from '../fixtures/gateway.ts'
import { decodeOrder } from './order.ts'

let rig: Rig
beforeEach(async () => {
  rig = await startRig()
})
afterEach(() => rig.stop())

async function removeIndex() {
  for (const suffix of ['', '-wal', '-shm']) await rm(`${rig.indexFile}${suffix}`, { force: true })
}

test('a kept item is durable, is served at once and is ordered once', async () => {
  const item = await makeItem('hello', { 'Content-Type': 'text/plain' })
  await Promise.all([rig.gateway.keep(item), rig.gateway.keep(item)])
  await rig.gateway.keep(item)
  expect(rig.journal.head('items')).toBe(1)
  expect((await rig.gateway.item(item.id))?.bytes).toEqual(item.bytes)
  await eventually(() => rig.gateway.settled(item.id))
  await rig.gateway.keep(item)
  expect(rig.journal.head('items')).toBe(1)
  const ordered = rig.consensus.blocks.flatMap(({ payloads }) => payloads.flatMap(decodeOrder))
  expect(ordered.length).toBe(1)
})

test('an unknown id is nothing, and settles nothing', async () => {
  const item = await makeItem('never kept')
  expect(await rig.gateway.item(item.id)).toBeUndefined()
  expect(await rig.gateway.settled(item.id)).toBe(false)
  expect(await rig.gateway.item('not an id')).toBeUndefined()
})

test('items are kept and stay settled through a restart with the index deleted', async () => {
  const items = await Promise.all(['a', 'b', 'c'].map((text) => makeItem(text)))
  await Promise.all(items.map((item) => rig.gateway.keep(item)))
  for (const item of items) await eventually(() => rig.gateway.settled(item.id))
  await rig.restart(removeIndex)
  for (const item of items) {
    expect((await rig.gateway.item(item.id))?.data).toEqual(item.data)
    expect(await rig.gateway.settled(item.id)).toBe(true)
  }
})

test('a damaged index is thrown away and rebuilt', async () => {
  const item = await makeItem('survives')
  await rig.gateway.keep(item)
  await rig.restart(async () => {
    await removeIndex()
    await writeFile(rig.indexFile, 'this is no database')
  })
  expect((await rig.gateway.item(item.id))?.data).toEqual(item.data)
})

test('what was not ordered when the node stopped is ordered after the next start', async () => {
  let release = () => {}
  rig.consensus.held = new Promise((resolve) => {
    release = resolve
  })
  const item = await makeItem('pending')
  await rig.gateway.keep(item)
  expect(await rig.gateway.settled(item.id)).toBe(false)
  await rig.restart()
  expect(await rig.gateway.settled(item.id)).toBe(false)
  release()
  await eventually(() => rig.gateway.settled(item.id))
  expect(rig.faults).toEqual([])
})

test('a base layer that refuses is asked again, and the fault is told', async () => {
  rig.consensus.refusals = 3
  const item = await makeItem('insisting')
  await rig.gateway.keep(item)
  await eventually(() => rig.gateway.settled(item.id))
  expect(rig.faults.length).toBe(3)
  expect(rig.faults[0]).toContain('no quorum')
})

test('messages and assignments of process logs are items too, without being copied', async () => {
  const process = await makeItem('', { 'Data-Protocol': 'ao', Type: 'Process' })
  await rig.log.schedule(process)
  const message = await makeItem('ping', { Type: 'Message' }, { target: process.id })
  await rig.log.schedule(message)
  expect((await rig.gateway.item(message.id))?.data).toEqual(message.data)
  const [, second] = await rig.log.entries(process.id, 0, 2)
  const assignment = second?.assignment.item
  expect((await rig.gateway.item(assignment?.id ?? ''))?.bytes).toEqual(assignment?.bytes)
  expect(rig.journal.head('items')).toBe(0)
  expect(await rig.gateway.settled(message.id)).toBe(false)
})

test('a scheduled message that is also kept gets a block of its own', async () => {
  const process = await makeItem('p', { Type: 'Process' })
  await rig.log.schedule(process)
  await rig.gateway.catchUp()
  await rig.gateway.keep(process)
  await eventually(() => rig.gateway.settled(process.id))
  await rig.restart(removeIndex)
  await rig.gateway.catchUp()
  expect(await rig.gateway.settled(process.id)).toBe(true)
})

test('bundles are opened to their leaves, and forged entries are passed over', async () => {
  const leaf = await makeItem('leaf')
  const inner = await makeItem(bundleItems([leaf]), bundleTags)
  const forged = await makeItem('forged')
  const bytes = bundleItems([inner, forged])
  bytes[bytes.length - 1] = (bytes[bytes.length - 1] ?? 0) ^ 1
  const outer = await makeItem(bytes, bundleTags)
  await rig.gateway.keep(outer)
  expect((await rig.gateway.item(leaf.id))?.bytes).toEqual(leaf.bytes)
  expect((await rig.gateway.item(inner.id))?.data).toEqual(inner.data)
  expect(await rig.gateway.item(forged.id)).toBeUndefined()
  await eventually(() => rig.gateway.settled(leaf.id))
})

test('more waiting bytes than allowed are refused, and nothing taken is lost', async () => {
  await rig.stop()
  rig = await startRig({ waitingBytes: 3000 })
  const items = await Promise.all([1, 2, 3, 4].map((n) => makeItem(new Uint8Array(900).fill(n))))
  const outcomes = await Promise.allSettled(items.map((item) => rig.gateway.keep(item)))
  const kept = outcomes.filter(({ status }) => status === 'fulfilled')
  expect(kept.length).toBeGreaterThan(0)
  expect(kept.length).toBeLessThan(4)
  expect(rig.journal.head('items')).toBe(kept.length)
  for (const [index, outcome] of outcomes.entries()) {
    const found = await rig.gateway.item(items[index]?.id ?? '')
    expect(found !== undefined).toBe(outcome.status === 'fulfilled')
    if (outcome.status === 'rejected') expect(outcome.reason.code).toBe('items-busy')
  }
})

test('a closed gateway keeps nothing', async () => {
  const { gateway } = rig
  await gateway.close()
  await expect(gateway.keep(await makeItem('late'))).rejects.toMatchObject({
    code: 'gateway-closed',
  })
  await rig.restart()
})
