import type { Compute } from '../compute/index.ts'
import type { Publisher } from '../da/index.ts'
import type { OrderedLog } from '../journal/index.ts'
import type { Answered, ServerSocket } from '../network/index.ts'
import type { Log, Metrics } from '../observe/index.ts'
import type { Clock } from '../runtime/index.ts'
import type { Scheduler } from '../scheduler/index.ts'
import type { Ground } from './ground.ts'
import { readHostUse } from './host-use.ts'

/** Slots whose time of scheduling is remembered until their result is durable. */
const timedSlotsMax = 65_536
/** The data folder is walked for its size at most this often. */
const hostReuseMs = 10_000

const scheduledHelp = 'Messages given a slot, durably'
const evaluatedHelp = 'Messages with a durable result'
const latencyHelp = 'From durable slot to durable result'

/** Counts messages, and times each from its durable slot to its durable result. */
export function measureFlow(
  { metrics, runtime: { clock } }: Ground,
  scheduler: Pick<Scheduler, 'head' | 'processes' | 'onScheduled'>,
  compute: Pick<Compute, 'evaluatedHead' | 'onEvaluated'>,
): void {
  const sinceMs = new Map<string, number>()
  let processes = 0
  let backlog = 0
  for (const processId of scheduler.processes()) {
    processes++
    backlog += scheduler.head(processId) - compute.evaluatedHead(processId)
  }
  metrics.count('messages_scheduled', scheduledHelp, 0)
  metrics.count('messages_evaluated', evaluatedHelp, 0)
  scheduler.onScheduled((processId, slot) => {
    if (slot === 0) processes++
    backlog++
    metrics.count('messages_scheduled', scheduledHelp)
    if (sinceMs.size < timedSlotsMax) sinceMs.set(`${processId}/${slot}`, clock.elapsedMs())
  })
  compute.onEvaluated((processId, slot) => {
    backlog--
    metrics.count('messages_evaluated', evaluatedHelp)
    const key = `${processId}/${slot}`
    const startMs = sinceMs.get(key)
    if (startMs === undefined) return
    sinceMs.delete(key)
    metrics.time('message_latency', latencyHelp, clock.elapsedMs() - startMs)
  })
  metrics.gauge('processes', 'Processes hosted here', () => processes)
  metrics.gauge('backlog_slots', 'Slots that have no result yet', () => Math.max(0, backlog))
}

/** Disk and peers. */
export function measureHost({ metrics, options, runtime: { clock } }: Ground): void {
  let use: ReturnType<typeof readHostUse> | undefined
  let readAtMs = 0
  const read = () => {
    if (use === undefined || clock.elapsedMs() - readAtMs > hostReuseMs) {
      readAtMs = clock.elapsedMs()
      use = readHostUse(options.dataFolder)
    }
    return use
  }
  const disk = 'of the data folder'
  metrics.gauge('disk_used_bytes', `Bytes ${disk}`, async () => (await read()).diskUsedBytes)
  metrics.gauge('disk_free_bytes', `Bytes free on the disk ${disk}`, async () => {
    return (await read()).diskFreeBytes
  })
  metrics.gauge('peers', 'Peers this node was told of', () => options.peers.length)
}

/** Counts what a publisher publishes. Without storers there is none, and all is 0. */
export function measureWideLane(
  metrics: Metrics,
  storers: number,
  certificates: () => number,
): (publisher: Publisher) => Publisher {
  const blobs = (by: number) => metrics.count('da_blobs', 'Blobs published and certified', by)
  const bytes = (by: number) => metrics.count('da_bytes', 'Bytes of these blobs', by)
  blobs(0)
  bytes(0)
  metrics.gauge('da_storers', 'Storers blobs are published to', () => storers)
  metrics.gauge('da_certificates', 'Certificates kept here', certificates)
  return (publisher) => ({
    async publish(parts, options) {
      const published = await publisher.publish(parts, options)
      blobs(1)
      bytes(published.toByte - published.fromByte)
      return published
    },
  })
}

/** The same log, each append timed until it is durable. */
export function timedLog(
  log: OrderedLog,
  journal: string,
  metrics: Metrics,
  clock: Clock,
): OrderedLog {
  const help = 'From an append to a journal until it is durable'
  return {
    async append(name, expectedSlot, epoch, records) {
      const sinceMs = clock.elapsedMs()
      await log.append(name, expectedSlot, epoch, records)
      metrics.time('journal_commit', help, clock.elapsedMs() - sinceMs, { journal })
    },
    read: (name, fromSlot, limit) => log.read(name, fromSlot, limit),
    head: (name) => log.head(name),
    logs: () => log.logs(),
    claim: () => log.claim(),
    close: () => log.close(),
  }
}

/** Memory that bodies of requests take. */
export function measureBodies(metrics: Metrics, server: Pick<ServerSocket, 'bodies'>): void {
  metrics.gauge('http_body_bytes', 'Bytes of request bodies in memory, streams apart', () => {
    return server.bodies().heldBytes
  })
  metrics.gauge('http_bodies_waiting', 'Bodies left in their sockets until there is memory', () => {
    return server.bodies().waiting
  })
}

/** Counts answers by room and status, times them by room, and writes a line for each at `info`. */
export function noteAnswers(metrics: Metrics, log: Log): (answered: Answered) => void {
  return ({ id, room, method, route, status, elapsedMs }) => {
    const labels = { room, status: `${Math.floor(status / 100)}xx` }
    metrics.count('http_requests', 'HTTP requests answered', 1, labels)
    metrics.time('http_request', 'From a request to its answer', elapsedMs, { room })
    const fields = { requestId: id, method, route, status, elapsedMs: Math.round(elapsedMs) }
    if (status >= 500) log.warn(fields, 'answered')
    else log.info(fields, 'answered')
  }
}
