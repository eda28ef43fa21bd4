import { join } from 'node:path'
import { HeddleError } from '@heddle/protocol/base'
import { storerDirectoryToJson, verifyCertificate } from '@heddle/protocol/certificate'
import {
  addressesOf,
  type CertificateStore,
  createRetriever,
  DisperserRole,
  daRoutes,
  loadErasureKernel,
  loadLaneKey,
  nativeBls,
  nativeSha256,
  openBlake3,
  openCertificateStore,
  openEngines,
  openLane,
  type Publisher,
  readDirectory,
} from '../da/index.ts'
import type { OrderedLog } from '../journal/index.ts'
import { openBulkClient, type Route } from '../network/index.ts'
import { nodeCrypto, systemSockets } from '../runtime/index.ts'
import type { Ground } from './ground.ts'
import type { StorerFate } from './keep-storer.ts'
import { measureWideLane } from './meters.ts'
import { startStorerProcesses } from './storer-processes.ts'

/** The wide lane of a node that publishes and reads. */
export type WideLane = {
  readonly publisher: Publisher | undefined
  /** Certificates known here; absent without storers. */
  readonly certificates: CertificateStore | undefined
  readonly routes: readonly Route[]
}

/** A machine that runs all storers beside the rest is slow; a certificate waits for nobody late. */
const storerTimeoutMs = 20_000

/**
 * Opens disperser and retriever against the storers the node is told of, or starts storers of its own.
 * Without either the routes say how to get some.
 */
export async function openWideLane(
  ground: Ground,
  openLog: (name: string) => Promise<OrderedLog>,
): Promise<WideLane> {
  const { options, runtime, closing, log } = ground
  const { disk, random, clock, timer } = runtime
  const storerSetFile = await findStorers(ground)
  if (storerSetFile === undefined) {
    measureWideLane(ground.metrics, 0, () => 0)
    return { publisher: undefined, certificates: undefined, routes: noStorers }
  }
  const { directory, set } = await readDirectory(disk, nativeBls, storerSetFile)
  const identity = await loadLaneKey(runtime, options.dataFolder)
  const sockets = { identity, random, engine: nodeCrypto, sockets: systemSockets, timer, clock }
  const client = openBulkClient(sockets)
  closing.add(() => client.close())
  const lane = openLane(client, addressesOf(directory))
  const kernel = await loadErasureKernel(disk)
  const hash = openBlake3() ?? nativeSha256
  const sets = { current: () => set }
  const disperser = new DisperserRole(
    { runtime, kernel, lane, sets, bls: nativeBls, hash },
    { storerTimeoutMs },
  )
  closing.add(() => disperser.close())
  const storerSet = (epoch: number) => (epoch === set.epoch ? set : undefined)
  const engineFor = openEngines(kernel)
  const retriever = createRetriever({ lane, storerSet, engineFor, bls: nativeBls, clock, timer })
  const journal = await openLog('certificates')
  const certificates = await openCertificateStore(journal, await journal.claim())
  const measure = measureWideLane(ground.metrics, set.storers.length, () => certificates.count())
  const publisher = measure(disperser)
  log.forRoom('da').info({ storers: set.storers.length, storerSetFile }, 'the wide lane is open')
  const routes = daRoutes({
    publisher,
    certificates,
    retriever,
    lane,
    timer,
    clock,
    verify: (certificate) => void verifyCertificate(nativeBls, set, certificate),
    directory: () => storerDirectoryToJson(directory),
  })
  return { publisher, certificates, routes }
}

async function findStorers({ options, runtime, closing, log }: Ground) {
  const { storers, storerSetFile, dataFolder } = options
  if (storerSetFile !== undefined || storers === 0) return storerSetFile
  const room = log.forRoom('da')
  const onExit = (storer: string, fate: StorerFate) =>
    room.warn({ storer, ...fate }, 'a storer ended and is started again')
  const folder = join(dataFolder, 'storers')
  const started = await startStorerProcesses(runtime, folder, storers, onExit)
  closing.add(() => started.close())
  return started.storerSetFile
}

const noStorers: readonly Route[] = (['GET', 'POST'] as const).map((method) => ({
  method,
  path: '/*',
  handle() {
    const text =
      'this node has no storers: start it with --storers 24, or give those of a network with ' +
      '--storer-set FILE'
    throw new HeddleError('da-off', 'unavailable', text)
  },
}))
