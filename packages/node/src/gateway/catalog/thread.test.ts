import { rm } from 'node:fs/promises'
import { afterEach, expect, test } from 'vitest'
import { eventually, makeItem, type Rig, startRig } from '../fixtures/gateway.ts'
import { CatalogThread } from './thread.ts'

const crashing = new URL('./crashing-worker.testing.ts', import.meta.url)
let rig: Rig | undefined
afterEach(async () => {
  await rig?.stop()
  rig = undefined
})

test('answers stay right while the thread of the index crashes again and again', async () => {
  rig = await startRig({ catalogWorkerUrl: crashing })
  const items = []
  for (let n = 0; n < 4; n++) {
    const item = await makeItem(`item ${n}`, { Number: String(n) })
    await rig.gateway.keep(item)
    items.push(item)
    expect((await rig.gateway.item(item.id))?.data).toEqual(item.data)
    await eventually(() => rig?.gateway.settled(item.id) ?? false)
  }
  for (const item of items) {
    expect(await rig.gateway.settled(item.id)).toBe(true)
    await rig.gateway.keep(item)
  }
  expect(rig.journal.head('items')).toBe(items.length)
  expect(rig.faults.filter((fault) => fault.includes('exit code 7')).length).toBeGreaterThan(1)
})

test('an index deleted under a crashed thread is rebuilt before anything is answered', async () => {
  rig = await startRig({ catalogWorkerUrl: crashing })
  const first = await makeItem('first')
  await rig.gateway.keep(first)
  await eventually(() => rig?.gateway.settled(first.id) ?? false)
  for (const suffix of ['', '-wal', '-shm']) await rm(`${rig.indexFile}${suffix}`, { force: true })
  for (let look = 0; look < 6; look++) expect(await rig.gateway.settled(first.id)).toBe(true)
})

test('a thread that cannot start refuses, and does not hang', async () => {
  const thread = new CatalogThread({
    path: '/none',
    heads: () => new Map(),
    workerUrl: new URL('./absent.ts', import.meta.url),
    onFault: () => {},
  })
  await expect(thread.open()).rejects.toMatchObject({ code: 'index-lost' })
  expect(thread.lost).toBe(true)
  await thread.close()
  await expect(thread.open()).rejects.toMatchObject({ code: 'gateway-closed' })
})
