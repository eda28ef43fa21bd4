import { encodeText } from '@heddle/protocol/base'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import type { LogRecord, OrderedLog } from '../ports.ts'
import { openJournal } from './open.ts'
import { CrashDisk, type Draw, type Operation } from './testing/crash-disk.ts'

const { random } = createRuntime()
const options = { segmentBytes: 3_000, groupBytes: 600 }
const names = ['a', 'b', 'c']

type Command =
  | { readonly kind: 'append'; readonly log: string; readonly sizes: readonly number[] }
  | { readonly kind: 'wait' }
  | { readonly kind: 'read' }
  | { readonly kind: 'claim' }
  | { readonly kind: 'reopen' }
  | { readonly kind: 'fault'; readonly operation: Operation; readonly skip: number }
  | { readonly kind: 'crash'; readonly afterOperations: number }

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      log: fc.constantFrom(...names),
      sizes: fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ kind: 'wait' as const }) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'read' as const }, { kind: 'claim' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'reopen' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      operation: fc.constantFrom('write', 'sync', 'open', 'syncFolder') as fc.Arbitrary<Operation>,
      skip: fc.nat(3),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('crash' as const), afterOperations: fc.nat(12) }),
  },
)

type Call = {
  readonly log: string
  readonly bodies: Uint8Array[]
  state: 'waiting' | 'durable' | 'refused'
  readonly settled: Promise<void>
}

/** A journal on a disk that fails, next to what it promised. */
class World {
  readonly #draw: Draw
  #disk = new CrashDisk()
  #log: OrderedLog
  #epoch = 0
  /** Bodies acknowledged, by log. */
  #acknowledged = new Map<string, Uint8Array[]>()
  /** Next slot with the calls under way, by log. */
  #next = new Map<string, number>()
  /** Calls not acknowledged yet, in order. */
  #calls: Call[] = []
  #count = 0

  constructor(log: OrderedLog, disk: CrashDisk, draw: Draw) {
    this.#log = log
    this.#disk = disk
    this.#draw = draw
  }

  async run(given: Command): Promise<void> {
    if (given.kind === 'append') this.#append(given.log, given.sizes)
    else if (given.kind === 'wait') await this.#wait()
    else if (given.kind === 'read') await this.#check()
    else if (given.kind === 'claim') await this.#claim()
    else if (given.kind === 'fault') this.#fault(given.operation, given.skip)
    else if (given.kind === 'reopen') await this.#reopen()
    else await this.#crash(given.afterOperations)
  }

  #append(log: string, sizes: readonly number[]): void {
    const slot = this.#next.get(log) ?? 0
    const bodies = sizes.map((size) => {
      const body = new Uint8Array(size)
      body.set(encodeText(`${log}${this.#count++}`.slice(0, size)))
      return body
    })
    const append = this.#log.append(log, slot, this.#epoch, bodies)
    this.#next.set(log, slot + bodies.length)
    const disk = this.#disk
    const settled = append.then(
      () => {
        call.state = 'durable'
        this.#acknowledged.set(log, [...(this.#acknowledged.get(log) ?? []), ...bodies])
      },
      () => {
        // Refused while the power was on: it must never appear.
        if (!disk.isOff) call.state = 'refused'
      },
    )
    const call: Call = { log, bodies, state: 'waiting', settled }
    this.#calls.push(call)
  }

  async #wait(): Promise<void> {
    await Promise.all(this.#calls.map((call) => call.settled))
    const isRefused = this.#calls.some((call) => call.state === 'refused')
    this.#calls = []
    if (isRefused) this.#next = new Map(names.map((name) => [name, this.#log.head(name)]))
    await this.#checkAll()
  }

  async #claim(): Promise<void> {
    await this.#wait()
    this.#epoch = await this.#log.claim().catch(() => this.#epoch)
  }

  #fault(operation: Operation, skip: number): void {
    let left = skip
    let isDone = false
    this.#disk.fault = (found) => {
      if (isDone || found !== operation || left-- > 0) return undefined
      isDone = true
      return { code: 'EIO', writtenBytes: Math.floor(this.#draw() * 100) }
    }
  }

  async #reopen(): Promise<void> {
    await this.#wait()
    this.#disk.fault = () => undefined
    await this.#log.close()
    this.#log = await openJournal('/j', { disk: this.#disk, random }, options)
    await this.#checkAll()
  }

  async #crash(afterOperations: number): Promise<void> {
    this.#disk.fault = () => undefined
    this.#disk.powerLeft = afterOperations + 1
    await Promise.all(this.#calls.map((call) => call.settled))
    const open = this.#calls.filter((call) => call.state === 'waiting')
    this.#disk = this.#disk.powerCut(this.#draw)
    this.#log = await openJournal('/j', { disk: this.#disk, random }, options)
    // Whole calls may have become durable without an answer, in order; nothing else.
    const left = new Map(names.map((name) => [name, this.#log.head(name)]))
    for (const name of names) {
      left.set(name, (left.get(name) ?? 0) - (this.#acknowledged.get(name)?.length ?? 0))
    }
    for (const { log, bodies } of open) {
      if ((left.get(log) ?? 0) <= 0) break
      left.set(log, (left.get(log) ?? 0) - bodies.length)
      this.#acknowledged.set(log, [...(this.#acknowledged.get(log) ?? []), ...bodies])
    }
    expect([...left.values()]).toEqual(names.map(() => 0))
    this.#calls = []
    this.#next = new Map(names.map((name) => [name, this.#log.head(name)]))
    await this.#checkAll()
  }

  /** Compares all that can be read; appends may become durable meanwhile. */
  async #check(): Promise<void> {
    for (const name of names) {
      const head = this.#log.head(name)
      const records = await this.#read(name, head)
      const bodies = (this.#acknowledged.get(name) ?? []).slice(0, head)
      expect(records.map((record) => record.slot)).toEqual(bodies.map((_, slot) => slot))
      for (let i = 0; i < head; i++) expect(records[i]?.bytes).toEqual(bodies[i])
    }
  }

  /** Reads; a fault of the disk may hit it once. */
  async #read(name: string, head: number): Promise<LogRecord[]> {
    try {
      return await this.#log.read(name, 0, head)
    } catch (error) {
      expect(error).toMatchObject({ code: 'disk-failed' })
      return await this.#log.read(name, 0, head)
    }
  }

  /** As `check`, with nothing under way. */
  async #checkAll(): Promise<void> {
    const heads = names.map((name) => this.#log.head(name))
    expect(heads).toEqual(names.map((name) => this.#acknowledged.get(name)?.length ?? 0))
    await this.#check()
  }
}

/** Mulberry32: a small generator whose whole state is its seed. */
function drawFrom(seed: number): Draw {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let word = Math.imul(state ^ (state >>> 15), 1 | state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }
}

it('keeps its promises over any appends, faults and power cuts', async () => {
  const commands = fc.array(command, { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(commands, fc.integer(), async (list, seed) => {
      const disk = new CrashDisk()
      const log = await openJournal('/j', { disk, random }, options)
      const world = new World(log, disk, drawFrom(seed))
      for (const given of list) await world.run(given)
      await world.run({ kind: 'crash', afterOperations: 3 })
      await world.run({ kind: 'reopen' })
    }),
    { numRuns: 300 },
  )
})
