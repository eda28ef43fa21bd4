import { ownerAddress } from '@heddle/protocol/item'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeCrypto } from '../runtime/index.ts'
import { type MainnetParts, readCurrentSlot, readSchedule } from './mainnet.ts'
import { messageItem, nodeSigner, openWorld, processItem, type World } from './testing/fixture.ts'

const unhosted = `${'C'.repeat(42)}A`
let world: World
let processId: string
let parts: MainnetParts
beforeEach(async () => {
  world = await openWorld()
  const { scheduler } = world
  const item = await processItem()
  processId = item.id
  await scheduler.schedule(item)
  for (let at = 0; at < 3; at++) await scheduler.schedule(await messageItem(processId))
  const baseLayer = {
    height: () => 9,
    timestampMs: () => 5,
    blockId: () => 'block',
    settled: async () => false,
  }
  parts = { scheduler, baseLayer, signer: nodeSigner, engine: nodeCrypto }
})
afterEach(() => world.close())

test('the current slot, with the block and the scheduler', () => {
  expect(readCurrentSlot(processId, parts)).toEqual({
    process: processId,
    current: 3,
    timestamp: 5,
    'block-height': 9,
    'block-hash': 'block',
    addresses: [ownerAddress({ owner: nodeSigner.owner }, nodeCrypto)],
  })
  expect(() => readCurrentSlot(unhosted, parts)).toThrow('unknown process')
})

test('a schedule by slot, both ends included', async () => {
  const { edges, page_info } = await readSchedule(processId, { from: 1, to: 2 }, parts)
  expect(edges.map(({ cursor }) => cursor)).toEqual(['1', '2'])
  expect(page_info).toEqual({
    process: processId,
    has_next_page: false,
    timestamp: 5,
    'block-height': 9,
    'block-hash': 'block',
  })
  const rest = await readSchedule(processId, { from: 2 }, parts)
  expect(rest.edges.map(({ cursor }) => cursor)).toEqual(['2', '3'])
  const behind = await readSchedule(processId, { from: 4 }, parts)
  expect(behind).toMatchObject({ edges: [], page_info: { has_next_page: false } })
})

test.each([-1, 0.5, Number.NaN])('from %d is refused', async (from) => {
  await expect(readSchedule(processId, { from }, parts)).rejects.toMatchObject({ kind: 'invalid' })
})
