import { join } from 'node:path'
import { encodeBase64Url } from '@heddle/protocol/base'
import type { Item, Signer } from '@heddle/protocol/item'
import { type Compute, createCompute } from '../compute/index.ts'
import { type Consensus, openSolo } from '../consensus/index.ts'
import type { Copies } from '../copies/index.ts'
import {
  createGateway,
  createMainnetRoutes,
  createVerifier,
  type Gateway,
  type MainnetScheduler,
  type Verifier,
} from '../gateway/index.ts'
import { type Inference, modelFormats } from '../inference/index.ts'
import { type OrderedLog, openJournal } from '../journal/index.ts'
import type { Mount, Route } from '../network/index.ts'
import { provenanceRoutes } from '../provenance/index.ts'
import { nodeCrypto } from '../runtime/index.ts'
import {
  type BaseLayer,
  createScheduler,
  readCurrentSlot,
  readSchedule,
  type Scheduler,
} from '../scheduler/index.ts'
import type { Store } from '../store/index.ts'
import { announceToPeers, makeAnnouncement } from './announce.ts'
import { openWideLane } from './availability.ts'
import { certifyLate } from './certify.ts'
import { openNodeCopies } from './copies.ts'
import { docsRoutes } from './docs.ts'
import { openExplorer } from './explorer.ts'
import type { Ground } from './ground.ts'
import { followModels, inferenceRoutes, keptItems, openInference } from './inference.ts'
import { openMessenger } from './messenger.ts'
import { measureFlow, measureHost, timedLog } from './meters.ts'
import { openHostingOf, openRollup, ownResults } from './rollup.ts'
import { openNodeStore } from './store.ts'

/** The rooms, joined, and their routes. */
export type Rooms = {
  readonly mounts: readonly Mount[]
  readonly consensus: Consensus
  processCount(): number
  keep(item: Item): Promise<void>
  /** Begins to rebuild a process from rollups; the peers are asked, and this node's own store. */
  recover(processId: string): Promise<void>
}

async function openLog(
  name: string,
  { options, runtime, log, metrics, closing }: Ground,
): Promise<OrderedLog> {
  const room = log.forRoom('journal')
  const journal = await openJournal(join(options.dataFolder, name), runtime, {
    onRepair: (repair) =>
      room.warn({ ...repair }, 'cut off a torn tail that was never acknowledged'),
  })
  closing.add(() => journal.close())
  return timedLog(journal, name, metrics, runtime.clock)
}

type Verify = (item: Item) => Promise<boolean>

async function openBaseLayer(ground: Ground): Promise<Consensus> {
  const log = await openLog('blocks', ground)
  const { clock } = ground.runtime
  const consensus = await openSolo({ log, epoch: await log.claim(), clock, crypto: nodeCrypto })
  ground.closing.add(() => consensus.close())
  return consensus
}

async function openGateway(
  ground: Ground,
  consensus: Consensus,
  scheduler: Scheduler,
  store: Store,
  copies: Copies,
  verifier: Verifier,
): Promise<Gateway> {
  const { dev, winstonPerMebibyte } = ground.options
  const journal = await openLog('items', ground)
  const room = ground.log.forRoom('gateway')
  const gateway = await createGateway(
    {
      journal,
      epoch: await journal.claim(),
      consensus,
      log: scheduler,
      store: copies.heal(store),
      copies,
      verify: (item) => verifier.verify(item),
      checkTransaction: (body) => verifier.checkTransaction(body),
      peers: ground.options.peers,
      fetch: globalThis.fetch,
      engine: nodeCrypto,
      ...ground.runtime,
      signer: ground.signer,
      publicUrl: ground.publicUrl,
      onFault: (what, error) => room.error({ error }, what),
    },
    {
      indexFile: inData(ground, 'index/items.sqlite'),
      uploadsFolder: inData(ground, 'uploads'),
      dev,
      winstonPerMebibyte,
    },
  )
  ground.closing.add(() => gateway.close())
  ground.metrics.gauge(
    'items_unopened',
    'Kept items and bundles that could not be opened and indexed yet; tried again',
    () => gateway.unopened(),
  )
  return gateway
}

async function openCompute(
  ground: Ground,
  scheduler: Scheduler,
  gateway: Gateway,
  verify: Verify,
  inference: Inference,
): Promise<Compute> {
  const { options, runtime, signer } = ground
  const room = ground.log.forRoom('compute')
  const compute = await createCompute(
    {
      log: scheduler,
      items: { item: (id) => gateway.itemAnywhere(id) },
      drive: gateway,
      verify,
      expandModule: (module, use) => inference.expandModule(module, use),
      results: await openLog('results', ground),
      checkpointFolder: inData(ground, 'checkpoints'),
      runtime,
      engine: nodeCrypto,
      address: addressOf(signer),
      signer,
      publish: (item) => gateway.keep(item),
      warn: (fields, text) => room.warn(fields, text),
    },
    {
      evaluationTimeoutMs: options.evaluationTimeoutMs,
      moreFormats: modelFormats,
      preparedFolder: inData(ground, 'prepared'),
      ...(options.computeThreads === undefined ? {} : { workers: options.computeThreads }),
      ...(options.computeMemoryMebibytes === undefined
        ? {}
        : { hotBytesMax: options.computeMemoryMebibytes * 2 ** 20 }),
    },
  )
  ground.closing.add(() => compute.close())
  return compute
}

/** Says where this node's scheduler answers, here and to the peers. */
async function announce(ground: Ground, gateway: Gateway): Promise<void> {
  const { signer, publicUrl, runtime, options, log, closing } = ground
  const newest = await gateway.schedulerLocation(addressOf(signer))
  const item = await makeAnnouncement(publicUrl, signer, runtime, newest?.item)
  await gateway.keep(item)
  closing.add(announceToPeers(item, options.peers, runtime, log.forRoom('main')))
}

/**
 * Opens every room and hands each what it needs of the others. The flow is a loop, so what a room needs
 * of one opened after it is bound late; nothing of it is called before all are open.
 */
export async function wireRooms(ground: Ground): Promise<Rooms> {
  const { runtime, signer, metrics, closing } = ground
  const verifier = createVerifier()
  closing.add(() => verifier.close())
  const verify: Verify = (item) => verifier.verify(item)
  const onSigned = (item: Item) => verifier.remember(item)
  const consensus = await openBaseLayer(ground)
  const baseLayer = {
    height: () => consensus.tip().height,
    timestampMs: () => consensus.tip().timestampMs,
    blockId: () => consensus.tip().id,
    settled: (id: string) => gateway.settled(id),
  }
  const items = { item: (id: string) => gateway.itemAnywhere(id) }
  const hosting = await openHostingOf(ground, await openLog('rollup', ground))
  const journal = await openLog('scheduler', ground)
  const certificates = certifyLate(ground)
  const scheduler = await createScheduler(
    {
      journal,
      signer,
      engine: nodeCrypto,
      runtime,
      verify,
      baseLayer,
      items,
      hosting: hosting.hosting,
      ...(certificates.certify === undefined ? {} : { certify: certificates.certify }),
      onSigned,
    },
    { indexPath: inData(ground, 'index/scheduler.sqlite') },
  )
  closing.add(() => scheduler.close())
  const store = await openNodeStore(ground, () => copies.summary())
  const copies = await openNodeCopies(ground, store, () => gateway)
  const gateway = await openGateway(ground, consensus, scheduler, store, copies, verifier)
  copies.start()
  const inference = openInference(ground, gateway)
  const compute = await openCompute(ground, scheduler, gateway, verify, inference)
  followModels(inference, scheduler, compute)
  const messenger = await openMessenger(ground, {
    scheduler,
    compute: ownResults(compute, hosting.hosting),
    gateway,
    verify,
    baseLayer: consensus,
    stateFile: inData(ground, 'index/messenger.sqlite'),
    onSigned,
  })
  const rollup = openRollup(ground, hosting, { scheduler, compute, gateway, verify })
  const openNamed = (name: string) => openLog(name, ground)
  const wideLane = await openWideLane(ground, openNamed)
  await certificates.open(scheduler, wideLane, openNamed)
  const certified = { ...certificates, blobs: wideLane.certificates }
  const explorer = openExplorer(ground, consensus, scheduler, compute, certified, () => mounts)
  await announce(ground, gateway)
  measureFlow(ground, scheduler, compute)
  measureHost(ground)
  metrics.gauge('height', 'Height of the base layer', baseLayer.height)
  const mounts: readonly Mount[] = [
    { room: 'scheduler', prefix: '/su', routes: scheduler.routes() },
    { room: 'compute', prefix: '/cu', routes: compute.routes() },
    { room: 'messenger', prefix: '/mu', routes: messenger.routes() },
    { room: 'da', prefix: '/da', routes: wideLane.routes },
    { room: 'explorer', prefix: '/explorer', routes: explorer.routes() },
    { room: 'docs', prefix: '/docs', routes: docsRoutes(ground) },
    {
      room: 'inference',
      prefix: '',
      routes: await inferenceRoutes(ground, inference, scheduler, compute),
    },
    {
      room: 'mainnet',
      prefix: '',
      routes: mainnetRoutes(ground, { scheduler, compute, baseLayer, verify }),
    },
    {
      room: 'provenance',
      prefix: '',
      routes: provenanceRoutes({ items: keptItems(gateway), verify, engine: nodeCrypto }),
    },
    { room: 'store', prefix: '', routes: store.routes() },
    { room: 'copies', prefix: '', routes: copies.routes() },
    { room: 'rollup', prefix: '', routes: rollup.routes() },
    { room: 'gateway', prefix: '', routes: gateway.routes() },
  ]
  return {
    consensus,
    processCount: () => countOf(scheduler.processes()),
    keep: (item) => gateway.keep(item),
    recover: (processId) => rollup.recover(processId),
    mounts,
  }
}

type MainnetParts = {
  readonly scheduler: Scheduler
  readonly compute: Compute
  readonly baseLayer: BaseLayer
  readonly verify: Verify
}

function mainnetRoutes(
  { signer, runtime }: Ground,
  { scheduler, compute, baseLayer, verify }: MainnetParts,
): Route[] {
  const parts = { scheduler, baseLayer, signer, engine: nodeCrypto }
  const readers: Pick<MainnetScheduler, 'readSlot' | 'readSchedule'> = {
    readSlot: (processId) => readCurrentSlot(processId, parts),
    readSchedule: (processId, range) => readSchedule(processId, range, parts),
  }
  return createMainnetRoutes({
    address: addressOf(signer),
    scheduler: {
      ...readers,
      schedule: (item) => scheduler.schedule(item),
      slotOf: (processId, id) => scheduler.slotOf(processId, id),
      head: (processId) => scheduler.head(processId),
      processes: () => scheduler.processes(),
    },
    compute,
    verify,
    engine: nodeCrypto,
    timer: runtime.timer,
  })
}

function inData({ options }: Ground, name: string): string {
  return join(options.dataFolder, name)
}

function addressOf(signer: Signer): string {
  return encodeBase64Url(nodeCrypto.sha256(signer.owner))
}

function countOf(things: Iterable<unknown>): number {
  let count = 0
  for (const _ of things) count++
  return count
}
