import { join } from 'node:path'
import { openJournal, type Repair } from '@heddle/node/journal'
import { createMessenger, type Messenger, type MessengerOptions } from '@heddle/node/messenger'
import { nodeCrypto, type Runtime } from '@heddle/node/runtime'
import { createScheduler, type Scheduler } from '@heddle/node/scheduler'
import { type Item, type Signer, verifyItem } from '@heddle/protocol/item'
import { Evaluator } from './evaluator.ts'
import type { Call, Reply } from './network.ts'
import { routerOf } from './routing.ts'
import { indexFile, makeForgetful, messengerFile } from './sqlite-files.ts'
import type { Life } from './virtual-time.ts'
import type { World } from './world.ts'

/** The rooms of one run of a node. */
export type Rooms = {
  readonly scheduler: Scheduler
  readonly compute: Evaluator
  readonly messenger: Messenger
  answer(call: Call): Promise<Reply>
  /** Ends all in order. */
  close(): Promise<void>
}

export type Ground = {
  readonly world: World
  readonly life: Life
  readonly name: string
  readonly signer: Signer
  readonly runtime: Runtime
  /** SQLite's files. */
  readonly folder: string
}

const engine = nodeCrypto
/** Small, so that logs go over several segments within one run. */
const segmentBytes = 48 * 1024
const blockMs = 1000

/** Quick, so that a run is short; never given up, so that what is late is told from what is lost. */
const messengerOptions: Partial<MessengerOptions> = {
  retryBaseMs: 50,
  retryCapMs: 1000,
  nodePauseMs: 50,
  nodePauseCapMs: 500,
  requestTimeoutMs: 800,
  commitDelayMs: 100,
  stateRetryMs: 200,
  closeGraceMs: 500,
  attemptsMin: 1_000_000,
}

/** Joins the rooms as `main/wire.ts` does. Rejects where a journal does not open. */
export async function openRooms(ground: Ground): Promise<Rooms> {
  const { world, life, name, runtime, folder } = ground
  const onRepair = (repair: Repair) => world.log.add(`${name} cuts off ${JSON.stringify(repair)}`)
  const options = { segmentBytes, onRepair }
  const journal = await openJournal(`/${name}/scheduler`, runtime, options)
  const results = await openJournal(`/${name}/results`, runtime, options)
  const scheduler = await openScheduler(ground, journal)
  const compute = new Evaluator({
    scheduler,
    results,
    epoch: await results.claim(),
    engine,
    time: world.time,
    life,
    violate: (what) => world.log.violate(`${name}: ${what}`),
    warn: (what) => world.log.add(`${name} ${what}`),
  })
  const messenger = await openMessenger(ground, scheduler, compute)
  if (world.mutant === 'forget-names') makeForgetful(folder)
  return {
    scheduler,
    compute,
    messenger,
    answer: routerOf([
      { prefix: '/su', routes: scheduler.routes() },
      { prefix: '/mu', routes: messenger.routes() },
      { prefix: '', routes: [{ method: 'POST', path: '/graphql', handle: () => emptyIndex }] },
    ]),
    async close() {
      await messenger.close()
      await compute.close()
      await scheduler.close()
      await results.close()
      await journal.close()
    },
  }
}

const emptyIndex = { status: 200, body: { data: { transactions: { edges: [] } } } }

function openScheduler(
  { world, signer, runtime, folder }: Ground,
  journal: Awaited<ReturnType<typeof openJournal>>,
): Promise<Scheduler> {
  const height = () => heightOf(world)
  return createScheduler(
    {
      journal,
      signer,
      engine,
      runtime,
      verify: (item) => verifyItem(item, engine),
      baseLayer: {
        height,
        timestampMs: () => height() * blockMs,
        blockId: () => String(height()),
        settled: async () => false,
      },
      items: { item: async (id) => world.items.get(id) },
    },
    {
      indexPath: join(folder, indexFile),
      indexDelayMs: 100,
      ...(world.mutant === 'forget-names' ? { indexBatchRows: 1 } : {}),
    },
  )
}

function openMessenger(
  { world, life, name, signer, runtime, folder }: Ground,
  scheduler: Scheduler,
  compute: Evaluator,
): Promise<Messenger> {
  const note = (fields: unknown, text: string) => {
    const told = JSON.stringify(fields).replaceAll(folder, '')
    world.log.add(`${name} messenger: ${text} ${told}`)
  }
  return createMessenger(
    {
      scheduler,
      compute,
      items: {
        item: async (id) => world.items.get(id),
        keep: async (item) => world.log.violate(`${name}: ${item.id} went to a wallet`),
        schedulerLocation: async (owner) => {
          const item = world.announcements.get(owner)
          return item && { item, blockHeight: 1 }
        },
        announcedSchedulers: async () => [],
      },
      verify: (item) => verifyItem(item, engine),
      signer,
      engine,
      runtime,
      log: { info: note, warn: note, error: note },
      metrics: { count: () => undefined, gauge: () => undefined },
      stateFile: join(folder, messengerFile),
      baseLayer: { tip: () => ({ height: heightOf(world) }), onBlock: () => undefined },
      peers: world.hosts.filter((host) => host !== name).map(urlOf),
      publicUrl: urlOf(name),
      fetch: world.network.fetchOf(name, life),
      onSigned: (item: Item) => void world.items.set(item.id, item),
    },
    messengerOptions,
  )
}

export function urlOf(host: string): string {
  return `http://${host}`
}

function heightOf({ time }: World): number {
  return Math.floor(time.nowMs / blockMs)
}
