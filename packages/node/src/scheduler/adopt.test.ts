import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Signer, verifyItem } from '@heddle/protocol/item'
import { afterEach, describe, expect, it } from 'vitest'
import { openJournal } from '../journal/index.ts'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import { createScheduler } from './scheduler.ts'
import {
  messageItem,
  newFolder,
  nodeSigner,
  openWorld,
  otherSigner,
  processItem,
} from './testing/fixture.ts'

const runtime = createRuntime()
const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A log of three slots, made elsewhere. */
async function makeLog() {
  const world = await openWorld()
  closing.push(() => world.close())
  const { id } = await world.scheduler.schedule(await processItem())
  const messages = [await messageItem(id), await messageItem(id)]
  for (const message of messages) await world.scheduler.schedule(message)
  return { id, messages, entries: await world.scheduler.entries(id, 0, 10) }
}

async function openFresh(signer: Signer) {
  const folder = await newFolder()
  const journal = await openJournal(join(folder, 'log'), runtime)
  const state = { isRecovering: false, epochAtLeast: 0 }
  const scheduler = await createScheduler(
    {
      journal,
      signer,
      engine: nodeCrypto,
      runtime,
      verify: (item) => verifyItem(item, nodeCrypto),
      baseLayer: {
        height: () => 9,
        timestampMs: () => 0,
        blockId: () => '',
        settled: async () => false,
      },
      items: { item: async () => undefined },
      hosting: {
        isRecovering: () => state.isRecovering,
        epochAtLeast: () => state.epochAtLeast,
      },
    },
    { indexPath: join(folder, 'ids.sqlite') },
  )
  closing.push(async () => {
    await scheduler.close()
    await journal.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { scheduler, state }
}

describe('a log that was made elsewhere', () => {
  it('is appended, indexed and told of, and its items are repeats from then on', async () => {
    const { id, messages, entries } = await makeLog()
    const { scheduler } = await openFresh(nodeSigner)
    const told: number[] = []
    scheduler.onScheduled((_, slot) => told.push(slot))
    await scheduler.adopt(id, entries.slice(0, 2))
    await scheduler.adopt(id, entries.slice(2))
    expect(told).toEqual([0, 1, 2])
    expect(scheduler.head(id)).toBe(3)
    expect(await scheduler.slotOf(id, messages[1]?.id ?? '')).toBe(2)
    const again = scheduler.schedule(messages[0] ?? (await messageItem(id)))
    await expect(again).rejects.toMatchObject({ code: 'message-exists', details: { slot: 1 } })
  })

  it('takes no slot twice', async () => {
    const { id, entries } = await makeLog()
    const { scheduler } = await openFresh(nodeSigner)
    await scheduler.adopt(id, entries)
    await expect(scheduler.adopt(id, entries)).rejects.toMatchObject({ code: 'slot-taken' })
    expect(scheduler.head(id)).toBe(3)
  })

  it('takes no messages while it is not whole, and goes on in the next epoch', async () => {
    const { id, entries } = await makeLog()
    const { scheduler, state } = await openFresh(nodeSigner)
    state.isRecovering = true
    await scheduler.adopt(id, entries)
    const early = scheduler.schedule(await messageItem(id))
    await expect(early).rejects.toMatchObject({ code: 'log-recovering', kind: 'unavailable' })
    state.isRecovering = false
    state.epochAtLeast = 1
    expect((await scheduler.schedule(await messageItem(id))).slot).toBe(3)
    const [next] = await scheduler.entries(id, 3, 1)
    expect(next?.assignment.epoch).toBe(1)
  })

  it('is only read where another key schedules it', async () => {
    const { id, entries } = await makeLog()
    const { scheduler } = await openFresh(otherSigner)
    await scheduler.adopt(id, entries)
    await expect(scheduler.schedule(await messageItem(id))).rejects.toThrow()
    expect(scheduler.head(id)).toBe(3)
  })
})
