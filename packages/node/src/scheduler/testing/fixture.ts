import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createItem, type Item, type Signer, type Tag, verifyItem } from '@heddle/protocol/item'
import { type OrderedLog, openJournal } from '../../journal/index.ts'
import { noBytes, type RouteReply } from '../../network/index.ts'
import { createRuntime, ed25519Signer, nodeCrypto, type Runtime } from '../../runtime/index.ts'
import type { SchedulerOptions } from '../options.ts'
import type { Certify } from '../ports.ts'
import { createScheduler, type Scheduler } from '../scheduler.ts'
import { type DiskFaults, faultyDisk } from './faulty-disk.ts'

export const nodeSigner = ed25519Signer(new Uint8Array(32).fill(1))
export const userSigner = ed25519Signer(new Uint8Array(32).fill(2))
export const otherSigner = ed25519Signer(new Uint8Array(32).fill(3))

/** A node's data folder and neighbours, which outlive a scheduler as they do a real one. */
export type World = {
  readonly folder: string
  readonly faults: DiskFaults
  readonly clock: { nowMs: number }
  readonly baseLayer: { height: number; readonly settled: Set<string> }
  readonly items: Map<string, Item>
  /** The node's key, from the next start on. */
  readonly keys: { signer: Signer }
  journal: OrderedLog
  scheduler: Scheduler
  /** Closes scheduler and journal, runs `between`, opens both again. */
  restart(between?: () => Promise<void>): Promise<void>
  close(): Promise<void>
}

/** Opens a node in a new folder, or in one that another left behind. */
export async function openWorld(
  options: Partial<SchedulerOptions> = {},
  leftFolder?: string,
  certify?: Certify,
): Promise<World> {
  const folder = leftFolder ?? (await newFolder())
  const faults: DiskFaults = { failNextWrites: 0, syncDelayMs: 0, syncs: 0 }
  const clock = { nowMs: 1_700_000_000_000 }
  const baseLayer = { height: 7, settled: new Set<string>() }
  const items = new Map<string, Item>()
  const real = createRuntime()
  const runtime: Runtime = { ...real, disk: faultyDisk(real, faults) }
  const keys = { signer: nodeSigner }
  const open = async () => {
    const journal = await openJournal(join(folder, 'log'), runtime)
    const scheduler = await createScheduler(
      {
        journal,
        signer: keys.signer,
        engine: nodeCrypto,
        runtime: { ...real, clock: { ...real.clock, nowMs: () => clock.nowMs } },
        verify: (item) => verifyItem(item, nodeCrypto),
        baseLayer: {
          height: () => baseLayer.height,
          timestampMs: () => 1_699_999_999_000,
          blockId: () => 'block',
          settled: async (id) => baseLayer.settled.has(id),
        },
        items: { item: async (id) => items.get(id) },
        ...(certify === undefined ? {} : { certify }),
      },
      { indexPath: join(folder, 'index', 'ids.sqlite'), ...options },
    )
    return { journal, scheduler }
  }
  const world: World = {
    folder,
    faults,
    clock,
    baseLayer,
    items,
    keys,
    ...(await open()),
    async restart(between) {
      await world.scheduler.close()
      await world.journal.close()
      await between?.()
      Object.assign(world, await open())
    },
    async close() {
      await world.scheduler.close()
      await world.journal.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return world
}

export function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'heddle-scheduler-'))
}

let serial = 0

/** A process item no other call gives. */
export function processItem(tags: readonly Tag[] = []): Promise<Item> {
  const fixed = [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Process' },
    { name: 'Module', value: 'A'.repeat(43) },
    { name: 'Scheduler', value: 'B'.repeat(43) },
    { name: 'Serial', value: String(serial++) },
  ]
  return createItem({ data: text('boot'), tags: [...fixed, ...tags] }, userSigner, nodeCrypto)
}

/** A message item no other call gives. */
export function messageItem(
  target: string,
  tags: readonly Tag[] = [],
  signer = userSigner,
  data: Uint8Array = text('hello'),
  anchor?: Uint8Array,
): Promise<Item> {
  const fixed = [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Type', value: 'Message' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Serial', value: String(serial++) },
  ]
  const draft = { data, target, tags: [...fixed, ...tags], ...(anchor ? { anchor } : {}) }
  return createItem(draft, signer, nodeCrypto)
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

/** Asks the scheduler's routes as the node's server would, path parameters included. */
export async function ask(
  scheduler: Scheduler,
  method: 'GET' | 'POST',
  url: string,
  body: Uint8Array = new Uint8Array(0),
): Promise<RouteReply> {
  const { pathname, searchParams } = new URL(url, 'http://localhost')
  const parts = pathname.split('/')
  for (const route of scheduler.routes()) {
    const pattern = route.path.split('/')
    if (route.method !== method || pattern.length !== parts.length) continue
    const params: Record<string, string> = {}
    const fits = pattern.every((part, at) => {
      if (!part.startsWith(':')) return part === parts[at]
      params[part.slice(1)] = parts[at] ?? ''
      return true
    })
    if (!fits) continue
    const signal = new AbortController().signal
    const rest = { url, method, headers: {}, peer: '127.0.0.1', signal }
    return route.handle({ ...rest, params, query: searchParams, body, stream: noBytes() })
  }
  throw new Error(`no route for ${method} ${url}`)
}
