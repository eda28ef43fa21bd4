import { parseBundle, tagValue, verifyItem } from '@heddle/protocol/item'
import { afterEach, describe, expect, it } from 'vitest'
import { nodeCrypto } from '../runtime/index.ts'
import { chainBefore } from './chain.ts'
import {
  addressOf,
  draft,
  gatewayOf,
  memoryItems,
  memoryLog,
  memoryResults,
  nodeKey,
  openWorld,
  otherKey,
  type World,
} from './fixture.testing.ts'
import { readRollup } from './read-rollup.ts'
import type { RecoveryState } from './recovery.ts'

const worlds: World[] = []
const open = async (given: Parameters<typeof openWorld>[0] = {}) => {
  const world = await openWorld(given)
  worlds.push(world)
  return world
}

afterEach(async () => {
  for (const world of worlds.splice(0)) {
    await world.close().catch(() => undefined)
    await world.remove()
  }
})

async function filled(world: Pick<World, 'log'>, messages: number): Promise<string> {
  const processId = await world.log.spawn()
  for (let i = 0; i < messages; i++) await world.log.send(processId)
  return processId
}

function rangesOf(world: World): string[] {
  return [...world.stored.kept.values()].map(
    ({ tags }) => `${tagValue(tags, 'From-Slot')}-${tagValue(tags, 'To-Slot')}`,
  )
}

async function ended(world: World, processId: string): Promise<RecoveryState> {
  for (;;) {
    const state = world.rollup.recoveryState(processId)
    if (state.state !== 'running') return state
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

describe('rolling up', () => {
  it('covers every slot once, in chained bundles within the limit', async () => {
    const world = await open({ options: { slotsMax: 8 } })
    const processId = await filled(world, 20)
    await world.rollup.flush()
    expect(rangesOf(world)).toEqual(['0-7', '8-15', '16-20'])
    const items = [...world.stored.kept.values()]
    expect(tagValue(items[1]?.tags ?? [], 'Previous')).toBe(items[0]?.id)
    for (const item of items) {
      expect(await verifyItem(item, nodeCrypto)).toBe(true)
      const { entries, attestation, digests } = readRollup(item.data, processId, nodeCrypto)
      expect(digests?.data.length).toBe(32 * entries.length)
      expect(attestation).toBeDefined()
      expect(parseBundle(item.data, nodeCrypto).length).toBe(2 * entries.length + 2)
    }
    await world.rollup.flush()
    expect(items.length).toBe(3)
  })

  it('rolls up by itself, and only what is evaluated', async () => {
    const log = memoryLog(nodeKey)
    const limit = { slots: 3 }
    const results = memoryResults(log, limit)
    await filled({ log }, 5)
    const world = await open({ log, results, options: { everyMs: 5, slotsMin: 2, ageMs: 20 } })
    await expect.poll(() => rangesOf(world)).toEqual(['0-2'])
    limit.slots = 6
    await expect.poll(() => rangesOf(world)).toEqual(['0-2', '3-5'])
  })

  it('without results in time rolls up the log alone, and states the chain again later', async () => {
    const log = memoryLog(nodeKey)
    const limit = { slots: 0 }
    const results = memoryResults(log, limit)
    const options = { everyMs: 5, slotsMin: 1, ageMs: 5, unevaluatedMs: 10 }
    const world = await open({ log, results, options })
    const processId = await filled(world, 1)
    await expect.poll(() => rangesOf(world).at(-1)?.endsWith('-1')).toBe(true)
    for (const { tags } of world.stored.kept.values()) {
      expect(tagValue(tags, 'Result-Chain')).toBeUndefined()
    }
    limit.slots = 3
    await log.send(processId)
    await expect.poll(() => rangesOf(world).at(-1)).toBe('2-2')
    const last = [...world.stored.kept.values()].at(-1)
    expect(tagValue(last?.tags ?? [], 'Result-Chain')).toHaveLength(43)
  })

  it('neither skips nor doubles slots where it ends between the note and the keeping', async () => {
    const world = await open()
    const { log, stored, folder } = world
    await filled(world, 4)
    stored.state.refuse = true
    await expect(world.rollup.flush()).rejects.toThrow('busy')
    await world.close()
    stored.state.refuse = false
    const processId = [...log.processes()][0] ?? ''
    await log.send(processId)
    const again = await open({ log, stored, folder })
    await again.rollup.flush()
    expect(rangesOf(again)).toEqual(['0-4', '5-5'])
    await again.close()
    const third = await open({ log, stored, folder })
    await third.rollup.flush()
    expect(rangesOf(third)).toEqual(['0-4', '5-5'])
  })
})

describe('recovering', () => {
  async function rolledUp(messages: number) {
    const world = await open({ options: { slotsMax: 8 } })
    const processId = await filled(world, messages)
    await world.rollup.flush()
    return { world, processId, fetch: gatewayOf(world.stored.kept) }
  }
  const sources = ['http://peer']

  it('a fresh node rebuilds the log, and its results have the chain that was rolled up', async () => {
    const { world, processId, fetch } = await rolledUp(20)
    const fresh = await open({ signer: otherKey, fetch })
    await fresh.rollup.recover(processId, { sources })
    const { report, error } = await ended(fresh, processId)
    expect(error).toBeUndefined()
    expect(report).toMatchObject({ slots: 21, rollups: 3, checkedTo: 20, equal: true })
    expect(report?.hosting).toBe('read-only')
    expect(report?.resultChain).toBe(report?.statedChain)
    const both = [world, fresh].map(({ log }) => log.entries(processId, 0, 100))
    const [own, theirs] = await Promise.all(both)
    expect(theirs?.map((one) => one.message?.id)).toEqual(own?.map((one) => one.message?.id))
    expect(fresh.hosting.isForeign(processId)).toBe(true)
    await fresh.rollup.flush()
    expect(rangesOf(fresh)).toEqual([])
  })

  it('with the same key the log goes on, in a new epoch', async () => {
    const { processId, fetch } = await rolledUp(3)
    const fresh = await open({ fetch })
    await fresh.rollup.recover(processId, { sources })
    const { report } = await ended(fresh, processId)
    expect(report).toMatchObject({ hosting: 'continues', equal: true })
    expect(fresh.hosting.epochAtLeast(processId)).toBe(1)
    expect(fresh.hosting.isRecovering(processId)).toBe(false)
    await expect(fresh.rollup.recover(processId, { sources })).rejects.toThrow('goes on here')
  })

  it('tells where results differ', async () => {
    const { processId, fetch } = await rolledUp(12)
    const log = memoryLog(otherKey)
    const honest = log.resultOf
    log.resultOf = (slot) => ({ ...honest(slot), Output: slot === 10 ? 'wrong' : `slot ${slot}` })
    const fresh = await open({ signer: otherKey, log, fetch })
    await fresh.rollup.recover(processId, { sources })
    const { report } = await ended(fresh, processId)
    expect(report).toMatchObject({ equal: false, differsAt: { fromSlot: 10, toSlot: 10 } })
  })

  it('goes on where it was cut off, and takes no gap', async () => {
    const { world, processId, fetch } = await rolledUp(20)
    const kept = new Map(world.stored.kept)
    const middle = [...kept.keys()][1] ?? ''
    const item = kept.get(middle)
    kept.delete(middle)
    const fresh = await open({ signer: otherKey, fetch: gatewayOf(kept) })
    await fresh.rollup.recover(processId, { sources })
    const cut = await ended(fresh, processId)
    expect(cut).toMatchObject({ state: 'failed', code: 'rollup-invalid', slots: 8 })
    expect(fresh.hosting.isRecovering(processId)).toBe(true)
    if (item !== undefined) kept.set(middle, item)
    await fresh.close()
    const again = await open({
      signer: otherKey,
      log: fresh.log,
      folder: fresh.folder,
      fetch,
    })
    expect(again.hosting.isRecovering(processId)).toBe(true)
    await again.rollup.recover(processId, { sources })
    expect((await ended(again, processId)).report).toMatchObject({ slots: 21, equal: true })
  })

  it('refuses a changed message, and takes bundles without any source', async () => {
    const { world, processId } = await rolledUp(9)
    const [first, second] = [...world.stored.kept.values()]
    const fresh = await open({ signer: otherKey })
    const forged = (first?.data ?? new Uint8Array(0)).slice()
    // The last byte of the first message: 32 + 64 a header entry, an assignment, the process.
    const { entries } = readRollup(forged, processId, nodeCrypto)
    const data = entries[1]?.message?.data ?? new Uint8Array(1)
    data[0] = (data[0] ?? 0) ^ 1
    await expect(fresh.rollup.takeBundle(processId, forged)).rejects.toThrow(/signature of/)
    expect(fresh.log.head(processId)).toBe(0)
    const skipping = fresh.rollup.takeBundle(processId, second?.data ?? new Uint8Array(0))
    await expect(skipping).rejects.toMatchObject({ code: 'rollup-invalid' })
    for (const item of [first, second]) {
      await fresh.rollup.takeBundle(processId, item?.data ?? new Uint8Array(0))
    }
    await fresh.rollup.recover(processId, { sources: [] })
    expect((await ended(fresh, processId)).report).toMatchObject({ slots: 10, equal: true })
  })

  it('has what was assigned by id from the bundles alone, where it was here and fits', async () => {
    const world = await open({ options: { slotsMax: 4, besideBytesMax: 2000 } })
    const processId = await filled(world, 2)
    const [told, large, absent] = [await draft('Message'), await draft('Message'), await draft('X')]
    const tooLarge = { ...large, bytes: new Uint8Array(3000) }
    world.stored.kept.set(told.id, told).set(large.id, tooLarge)
    for (const item of [told, large, absent, told]) await world.log.assign(processId, item)
    await world.log.send(processId)
    await world.rollup.flush()
    const rollups = [...world.stored.kept.values()].filter(
      ({ tags }) => tagValue(tags, 'Type') === 'Log-Rollup',
    )
    const fresh = await open({ signer: otherKey })
    for (const { data } of rollups) await fresh.rollup.takeBundle(processId, data)
    await fresh.rollup.recover(processId, { sources: [] })
    expect((await ended(fresh, processId)).report).toMatchObject({ slots: 8, equal: true })
    expect([...fresh.stored.kept.keys()]).toEqual([told.id])
    const [own, theirs] = await Promise.all(
      [world, fresh].map(({ log }) => log.entries(processId, 0, 100)),
    )
    expect(theirs?.map(({ message }) => message?.id)).toEqual(
      own?.map(({ message }) => message?.id),
    )
    expect(theirs?.[6]?.assignment.messageId).toBe(told.id)
  })

  it('does not choose between two schedulers', async () => {
    const { world, processId } = await rolledUp(2)
    const log = memoryLog(otherKey)
    const [entry] = await world.log.entries(processId, 0, 1)
    const rival = await open({ signer: otherKey, log })
    const theirs = await rival.log.spawn()
    await rival.rollup.flush()
    const forged = [...rival.stored.kept.values()].map((item) => ({
      ...item,
      tags: item.tags.map((tag) => (tag.value === theirs ? { ...tag, value: processId } : tag)),
    }))
    expect(entry).toBeDefined()
    const kept = new Map([...world.stored.kept, ...forged.map((item) => [item.id, item] as const)])
    const fresh = await open({ signer: otherKey, fetch: gatewayOf(kept), stored: memoryItems() })
    await fresh.rollup.recover(processId, { sources })
    expect((await ended(fresh, processId)).code).toBe('scheduler-ambiguous')
    const scheduler = addressOf(nodeKey)
    await fresh.rollup.recover(processId, { sources, scheduler })
    expect((await ended(fresh, processId)).report).toMatchObject({ slots: 3, equal: true })
  })
})

it('follows results in pages bounded by their bytes, and reads no entry twice for that', async () => {
  const log = memoryLog(nodeKey)
  const processId = await log.spawn()
  for (let i = 0; i < 5; i++) await log.send(processId)
  const results = memoryResults(log)
  const engine = nodeCrypto
  const whole = await chainBefore({ log, results, engine }, processId, 6)
  const bounds: (number | undefined)[] = []
  const large: typeof results = {
    ...results,
    // As where each result is as large as a page may be.
    evaluations: async (id, fromSlot, limit, bytesMax) => {
      bounds.push(bytesMax)
      return results.evaluations(id, fromSlot, Math.min(limit, 1), bytesMax)
    },
  }
  let reads = 0
  const counted = {
    entries: (...page: Parameters<typeof log.entries>) => {
      reads++
      return log.entries(...page)
    },
  }
  expect(await chainBefore({ log: counted, results: large, engine }, processId, 6)).toEqual(whole)
  expect(reads).toBe(1)
  expect(bounds).toEqual(Array.from({ length: 6 }, () => 16 * 1024 * 1024))
})
