import type { PeerState, Sample } from '@heddle/protocol/api'
import type { Cancel } from '../runtime/index.ts'
import { Feed } from './feed.ts'
import { MomentLog } from './moments.ts'
import { explorerLimits } from './options.ts'
import { lookAtPeers } from './peers.ts'
import type { ExplorerDeps, HostUse } from './ports.ts'
import { Sampler } from './sampler.ts'

/** What is seen of the running node; see `observe`. */
export type Observer = {
  readonly moments: MomentLog
  readonly feed: Feed
  samples(): readonly Sample[]
  peers(): readonly PeerState[]
  close(): void
}

/** Follows the node from its own events. A sample a second; disk and peers only while a page is open. */
export function observe(deps: ExplorerDeps): Observer {
  const { log, results, blocks, runtime } = deps
  const { clock, timer } = runtime
  const moments = new MomentLog()
  const feed = new Feed(timer)
  let processes = 0
  let backlog = 0
  for (const processId of log.processes()) {
    processes++
    backlog += log.head(processId) - results.evaluatedHead(processId)
  }
  const sampler = new Sampler(backlog, clock.nowMs())
  log.onScheduled((processId, slot, receivedMs) => {
    const atMs = clock.nowMs()
    if (slot === 0) processes++
    moments.scheduled(processId, slot, atMs, receivedMs)
    sampler.scheduled()
    feed.add({ kind: 'scheduled', processId, slot, atMs })
  })
  results.onEvaluated((processId, slot) => {
    const atMs = clock.nowMs()
    const latencyMs = moments.evaluated(processId, slot, atMs)
    sampler.evaluated(latencyMs)
    const latency = latencyMs === undefined ? {} : { latencyMs }
    feed.add({ kind: 'evaluated', processId, slot, atMs, ...latency })
  })
  deps.onPublished?.((processId, fromSlot, toSlot) => {
    moments.lasting('publishedMs', processId, fromSlot, toSlot, clock.nowMs())
  })
  deps.onCertified?.((processId, fromSlot, toSlot) => {
    moments.lasting('certifiedMs', processId, fromSlot, toSlot, clock.nowMs())
  })
  const host = watchHost(deps, feed)
  const sampling = every(timer, explorerLimits.sampleEveryMs, () => {
    const facts = { atMs: clock.nowMs(), processes, height: blocks.tip().height }
    feed.tell('sample', sampler.take({ ...facts, ...host.use() }))
  })
  return {
    moments,
    feed,
    samples: () => sampler.samples,
    peers: host.peers,
    close() {
      sampling()
      host.close()
      feed.close()
    },
  }
}

type Timer = ExplorerDeps['runtime']['timer']

/** Looks at disk and peers, now and then while somebody watches. */
function watchHost(deps: ExplorerDeps, feed: Feed) {
  let use: HostUse = { memoryBytes: 0, diskUsedBytes: 0, diskFreeBytes: 0 }
  let peers: readonly PeerState[] = deps.peers.map((url) => ({ url, state: 'unknown' }))
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    try {
      use = await deps.hostUse()
      peers = await lookAtPeers(deps)
      feed.tell('peers', peers)
    } catch (error) {
      deps.onFault('the explorer could not look at the host', error)
    } finally {
      looking = false
    }
  }
  void look()
  const close = every(deps.runtime.timer, explorerLimits.hostEveryMs, () => {
    if (feed.readers > 0) void look()
  })
  return { use: () => use, peers: () => peers, close }
}

function every(timer: Timer, everyMs: number, run: () => void): Cancel {
  let cancel: Cancel
  const again = () => {
    cancel = timer.after(everyMs, () => {
      run()
      again()
    })
  }
  again()
  return () => cancel()
}
