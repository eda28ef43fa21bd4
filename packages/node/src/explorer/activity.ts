import type { Activity } from '@heddle/protocol/api'
import type { LogEntry, Result } from '@heddle/protocol/message'
import { explorerLimits } from './options.ts'
import type { ExplorerDeps } from './ports.ts'
import { readEntries, readEvaluations, senderOf } from './slots.ts'

const partnersMax = 64

type Tally = { received: number; sent: number }
type Sum = { bytes: number; gasUsed: number; errors: number; messages: number; spawns: number }

/** Adds up the newest slots of a process, a page at a time so that others get their turn. */
export async function readActivity(
  deps: Pick<ExplorerDeps, 'log' | 'results' | 'engine'>,
  processId: string,
): Promise<Activity> {
  const head = deps.log.head(processId)
  const fromSlot = Math.max(0, head - explorerLimits.activitySlots)
  const tallies = new Map<string, Tally>()
  const sum: Sum = { bytes: 0, gasUsed: 0, errors: 0, messages: 0, spawns: 0 }
  let fromMs = 0
  let toMs = 0
  for (let at = fromSlot; at < head; at += explorerLimits.pageSlots) {
    const limit = Math.min(explorerLimits.pageSlots, head - at)
    for await (const entry of readEntries(deps.log, processId, at, limit)) {
      const { timestampMs } = entry.assignment
      fromMs ||= timestampMs
      toMs = timestampMs
      addEntry(sum, tallies, entry, senderOf(entry, deps.engine))
    }
    for await (const { result } of readEvaluations(deps.results, processId, at, limit)) {
      addResult(sum, tallies, result)
    }
  }
  const partners = [...tallies]
    .map(([id, tally]) => ({ id, ...tally }))
    .sort((a, b) => b.received + b.sent - a.received - a.sent)
    .slice(0, partnersMax)
  return { fromSlot, slots: head - fromSlot, fromMs, toMs, ...sum, partners }
}

function addEntry(sum: Sum, tallies: Map<string, Tally>, entry: LogEntry, sender: string): void {
  sum.bytes += entry.message?.bytes.length ?? 0
  if (sender !== '') tallyOf(tallies, sender).received++
}

function addResult(sum: Sum, tallies: Map<string, Tally>, result: Result): void {
  if (result.Error) sum.errors++
  if (typeof result.GasUsed === 'number') sum.gasUsed += result.GasUsed
  sum.messages += result.Messages?.length ?? 0
  sum.spawns += result.Spawns?.length ?? 0
  for (const { Target } of result.Messages ?? []) {
    if (typeof Target === 'string' && Target !== '') tallyOf(tallies, Target.slice(0, 64)).sent++
  }
}

function tallyOf(tallies: Map<string, Tally>, id: string): Tally {
  const known = tallies.get(id)
  if (known !== undefined) return known
  const made = { received: 0, sent: 0 }
  tallies.set(id, made)
  return made
}
