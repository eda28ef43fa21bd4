import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleItems, bundleTags, type Item } from '@heddle/protocol/item'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually, makeItem, type Rig, startRig } from '../fixtures/gateway.ts'
import { Unopened } from './unopened.ts'

let rig: Rig
beforeEach(async () => {
  rig = await startRig({ openRetryMs: 5 })
})
afterEach(() => rig.stop())

/** Keeps a bundle whose data is in the store; its disk fails if told so. */
async function keepStored(items: readonly Item[], isFailing = false) {
  const bundle = await makeItem(bundleItems(items), bundleTags)
  const { sha384, ...data } = await rig.store.write(parts(bundle.data))
  if (isFailing) rig.store.failing.add(data.dataRoot)
  const header = bundle.bytes.subarray(0, bundle.bytes.length - bundle.data.length)
  await rig.gateway.keepCopy({ id: bundle.id, header, data, sha384 })
  return bundle
}

async function* parts(bytes: Uint8Array) {
  yield bytes
}

const isFound = async ({ id }: Item) => (await rig.gateway.item(id)) !== undefined

test('a bundle whose disk fails holds up nothing, and is opened once the disk is back', async () => {
  const [first, second] = [await makeItem('first'), await makeItem('second')]
  const bundle = await keepStored([first], true)
  await keepStored([second])
  const process = await makeItem('', { Type: 'Process' })
  await rig.log.schedule(process)
  expect(await isFound(second)).toBe(true)
  expect(await isFound(process)).toBe(true)
  expect(await rig.gateway.isKept(bundle.id)).toBe(true)
  expect(await isFound(first)).toBe(false)
  expect(rig.gateway.unopened()).toBe(1)
  expect(rig.faults[0]).toContain('the disk failed')
  await eventually(() => rig.faults.length > 2)
  rig.store.failing.clear()
  await eventually(() => isFound(first))
  expect(rig.gateway.unopened()).toBe(0)
  await eventually(() => rig.gateway.settled(first.id))
})

test('what could not be opened is still known after a restart, which it does not keep from', async () => {
  const inner = await makeItem('inner')
  await keepStored([inner], true)
  await rig.gateway.catchUp()
  expect(rig.gateway.unopened()).toBe(1)
  await rig.restart()
  expect(rig.gateway.unopened()).toBe(1)
  rig.store.failing.clear()
  await eventually(() => isFound(inner))
  await rig.restart()
  expect(rig.gateway.unopened()).toBe(0)
  expect(await isFound(inner)).toBe(true)
})

test('a record of the log that does not read back holds up none after it', async () => {
  await rig.stop()
  // Nothing is indexed before the record is damaged.
  rig = await startRig({ openRetryMs: 5, indexDelayMs: 2 ** 30 })
  const [damaged, whole] = [await makeItem('to be damaged'), await makeItem('stays whole')]
  await rig.gateway.keep(damaged)
  await rig.gateway.keep(whole)
  const folder = join(rig.indexFile, '../../journal')
  const [name = ''] = (await readdir(folder)).filter((file) => file.includes('segment'))
  const at = (await readFile(join(folder, name))).indexOf('to be damaged')
  const file = await open(join(folder, name), 'r+')
  await file.write('T', at)
  await file.close()
  await rig.gateway.catchUp()
  expect(rig.gateway.unopened()).toBe(1)
  await eventually(() => rig.gateway.settled(whole.id))
})

test('a log that cannot be read is tried again though nothing is new and nobody asks', async () => {
  const { log } = rig
  const read = log.entries.bind(log)
  let reads = 0
  log.entries = async (...page) => {
    if (++reads <= 3) throw new Error('the disk is slow')
    return read(...page)
  }
  await log.schedule(await makeItem('', { Type: 'Process' }))
  await eventually(() => reads > 3)
  expect(rig.faults).toHaveLength(3)
})

test('pauses grow while nothing can be opened, and there is none where nothing waits', () => {
  const delays: number[] = []
  let run = () => {}
  const timer = {
    after: (delayMs: number, again: () => void) => {
      delays.push(delayMs)
      run = again
      return () => {}
    },
    sleep: () => Promise.resolve(),
  }
  let due = 0
  const unopened = new Unopened(timer, 10, () => due++)
  unopened.add([])
  expect(delays).toEqual([])
  unopened.add([3, 5])
  unopened.add([3])
  for (let round = 0; round < 12; round++) {
    run()
    expect(unopened.isDue).toBe(true)
    unopened.add(unopened.take())
  }
  expect(delays.slice(0, 4)).toEqual([10, 20, 40, 80])
  expect(Math.max(...delays)).toBe(5120)
  run()
  expect(unopened.take()).toEqual([3, 5])
  unopened.drop(3)
  unopened.add([5])
  expect([unopened.count, delays.at(-1), due]).toEqual([1, 10, 13])
})
