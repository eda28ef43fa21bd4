import type { Evaluation } from '@heddle/node/compute'
import type { LogEntry } from '@heddle/protocol/message'
import type { Cluster, SimulatedNode } from './node.ts'

/** One log as the disks hold it at the end, with its results. */
export type Kept = {
  readonly processId: string
  readonly node: SimulatedNode
  readonly entries: readonly LogEntry[]
  readonly evaluations: readonly Evaluation[]
}

/** Every log of every node, by process. */
export async function readLogs({ log, nodes }: Cluster): Promise<Map<string, Kept>> {
  const logs = new Map<string, Kept>()
  for (const node of nodes) {
    const { rooms } = node
    if (rooms === undefined) {
      log.violate(`${node.name} is not up at the end`)
      continue
    }
    const { compute, scheduler } = rooms
    for (const processId of scheduler.processes()) {
      if (logs.has(processId)) log.violate(`${processId} has a log on two nodes`)
      const entries: LogEntry[] = []
      for (let slot = 0; slot < scheduler.head(processId); slot = entries.length) {
        const more = await scheduler.entries(processId, slot, 256)
        if (more.length === 0) break
        entries.push(...more)
      }
      const evaluations = await compute.evaluations(processId, 0, entries.length + 1)
      logs.set(processId, { processId, node, entries, evaluations })
    }
  }
  return logs
}
