import { cpSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isHeddleError } from '@heddle/protocol/base'
import { type Item, tagValue } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import type { Receipt } from './face.ts'
import { checkedLog } from './testing/checked-log.ts'
import {
  messageItem,
  newFolder,
  openWorld,
  processItem,
  userSigner,
  type World,
} from './testing/fixture.ts'

/** What may happen, in any order; all but the last three go on while others are under way. */
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('message'), process: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('repeat'), item: fc.nat(40) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('delivery'),
      process: fc.nat(2),
      delivery: fc.nat(4),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('assign'), process: fc.nat(2), item: fc.nat(40) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('fail'), writes: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('clock'),
      byMs: fc.integer({ min: -5000, max: 5000 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('pause'), ms: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash') }) },
)
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** A run: the node, what was asked of it, and what it answered. */
class Run {
  world: World
  readonly #processes: Item[]
  readonly #items: Item[] = []
  /** Receipts given, as an acknowledgement or as the first of a repeat. */
  readonly #receipts: Receipt[] = []
  #asked: Promise<void>[] = []
  #hasCrashed = false

  constructor(world: World, processes: Item[]) {
    this.world = world
    this.#processes = processes
  }

  async spawn(): Promise<void> {
    for (const item of this.#processes) this.#ask(this.world.scheduler.schedule(item))
    await this.settle()
  }

  async take(step: Step): Promise<void> {
    const { scheduler } = this.world
    switch (step.kind) {
      case 'message':
      case 'delivery': {
        const { process, delivery } = { delivery: undefined, ...step }
        const tags =
          delivery === undefined ? [] : [{ name: 'Delivery-Id', value: String(delivery) }]
        const item = await messageItem(this.#processId(process), tags)
        this.#items.push(item)
        this.world.items.set(item.id, item)
        return this.#ask(scheduler.schedule(item))
      }
      case 'repeat': {
        const item = this.#item(step.item)
        return item && this.#ask(scheduler.schedule(item))
      }
      case 'assign': {
        const item = this.#item(step.item)
        return item && this.#ask(scheduler.assign(this.#processId(step.process), item.id, {}))
      }
      case 'fail':
        this.world.faults.failNextWrites += step.writes
        return
      case 'clock':
        this.world.clock.nowMs += step.byMs
        return
      case 'pause':
        return createRuntime().timer.sleep(step.ms)
      case 'settle':
        return this.settle()
      case 'crash':
        return this.#crash()
    }
  }

  /** Waits until everything asked so far is answered. */
  async settle(): Promise<void> {
    await Promise.all(this.#asked)
    this.#asked = []
  }

  /** Whatever went wrong before, every process takes a message once the disk is well. */
  async serve(): Promise<void> {
    for (const { id } of this.#processes) {
      this.#receipts.push(await this.world.scheduler.schedule(await messageItem(id)))
    }
  }

  async check(): Promise<void> {
    const logs = new Map<string, LogEntry[]>()
    for (const { id } of this.#processes) logs.set(id, await checkedLog(this.world.scheduler, id))
    for (const entries of logs.values()) checkDeliveries(entries)
    const acknowledged = new Set<string>()
    for (const receipt of this.#receipts) {
      const entry = logs.get(receipt.processId)?.[receipt.slot]
      expect([entry?.message?.id, entry?.assignment.item.id]).toContain(receipt.id)
      expect(entry?.assignment.timestampMs).toBe(receipt.timestampMs)
      acknowledged.add(`${receipt.processId}/${receipt.slot}`)
    }
    const slots = [...logs.values()].flat().length
    // A crash may come between durable and answered; nothing else leaves an unanswered slot.
    if (this.#hasCrashed) expect(slots).toBeGreaterThanOrEqual(acknowledged.size)
    else expect(slots).toBe(acknowledged.size)
  }

  #ask(answer: Promise<Receipt>): void {
    const { world } = this
    const take = (receipt: Receipt) => {
      // What a node answers after it was copied is not the copy's promise.
      if (world === this.world) this.#receipts.push(receipt)
    }
    this.#asked.push(
      answer.then(take, (error: unknown) => {
        if (isHeddleError(error, 'message-exists')) take(error.details as Receipt)
        else if (!isHeddleError(error, 'not-durable')) throw error
      }),
    )
  }

  /** Goes on with a copy of the files, taken at this moment: what a killed process leaves behind. */
  async #crash(): Promise<void> {
    const { baseLayer, clock, folder, items } = this.world
    const left = await newFolder()
    const old = this.world
    cpSync(folder, left, { recursive: true })
    this.world = { ...old }
    this.#hasCrashed = true
    await this.settle()
    await old.close()
    this.world = await openWorld({ indexBatchRows: 7 }, left)
    this.world.clock.nowMs = clock.nowMs
    this.world.baseLayer.height = baseLayer.height
    for (const [id, item] of items) this.world.items.set(id, item)
  }

  #processId(index: number): string {
    return this.#processes[index % this.#processes.length]?.id ?? ''
  }

  #item(index: number): Item | undefined {
    return this.#items[index % Math.max(1, this.#items.length)]
  }
}

function checkDeliveries(entries: readonly LogEntry[]): void {
  const seen = new Set<string>()
  for (const { message } of entries) {
    const delivery = message && tagValue(message.tags, 'Delivery-Id')
    if (delivery === undefined) continue
    expect(message?.owner).toEqual(userSigner.owner)
    expect(seen).not.toContain(delivery)
    seen.add(delivery)
  }
}

test('whatever happens, every log is gapless, chained and rising, and no id has two slots', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
      const processes = [await processItem(), await processItem(), await processItem()]
      const run = new Run(await openWorld({ indexBatchRows: 7 }), processes)
      try {
        await run.spawn()
        for (const next of steps) await run.take(next)
        await run.settle()
        run.world.faults.failNextWrites = 0
        await run.serve()
        await run.check()
        // The index is only a shortcut: built anew, it says the same.
        await run.world.restart(() => rm(join(run.world.folder, 'index'), { recursive: true }))
        await run.check()
      } finally {
        await run.world.close()
      }
    }),
    { numRuns: 40 },
  )
})
