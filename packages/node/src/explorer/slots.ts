import type { SlotOutcome, SlotRow } from '@heddle/protocol/api'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { ownerAddress, type Tag, tagValue } from '@heddle/protocol/item'
import type { LogEntry, Result } from '@heddle/protocol/message'
import { explorerLimits } from './options.ts'
import type { ExplorerDeps, SlotEvaluation } from './ports.ts'

type Sources = Pick<ExplorerDeps, 'log' | 'results' | 'engine'>

/** Rows of a log from `from`, at most `limit`. */
export async function readSlots(
  { log, results, engine }: Sources,
  processId: string,
  from: number,
  limit: number,
): Promise<SlotRow[]> {
  const entries = await readEntries(log, processId, from, limit)
  const outcomes = new Map<number, SlotOutcome>()
  for (const { slot, result } of await readEvaluations(results, processId, from, entries.length)) {
    outcomes.set(slot, outcomeOf(result))
  }
  return entries.map((entry) => {
    const outcome = outcomes.get(entry.assignment.slot)
    return { ...rowOf(entry, engine), ...(outcome === undefined ? {} : { outcome }) }
  })
}

/** Entries from a slot on: the log may give fewer at a time than it was asked for. */
export async function readEntries(
  log: Sources['log'],
  processId: string,
  from: number,
  limit: number,
): Promise<LogEntry[]> {
  const found: LogEntry[] = []
  const wanted = Math.min(limit, log.head(processId) - from)
  while (found.length < wanted) {
    const page = await log.entries(processId, from + found.length, wanted - found.length)
    if (page.length === 0) break
    found.push(...page)
  }
  return found
}

export async function readEvaluations(
  results: Sources['results'],
  processId: string,
  from: number,
  limit: number,
): Promise<SlotEvaluation[]> {
  const found: SlotEvaluation[] = []
  const wanted = Math.min(limit, results.evaluatedHead(processId) - from)
  while (found.length < wanted) {
    const at = from + found.length
    const page = await results.evaluations(processId, at, wanted - found.length)
    if (page.length === 0) break
    found.push(...page)
  }
  return found
}

/** Who a message comes from, as its receiver is told. */
export function senderOf({ message }: LogEntry, engine: CryptoEngine): string {
  if (message === undefined) return ''
  return tagValue(message.tags, 'From-Process') ?? ownerAddress(message, engine)
}

function rowOf(entry: LogEntry, engine: CryptoEngine): SlotRow {
  const { assignment, message } = entry
  const tags: readonly Tag[] = message?.tags ?? []
  const cron = tagValue(tags, 'Cron-Tick')
  const action = assignment.slot === 0 ? 'Spawn' : (tagValue(tags, 'Action') ?? '')
  return {
    slot: assignment.slot,
    id: assignment.messageId,
    action: action.slice(0, explorerLimits.searchLength),
    from: senderOf(entry, engine),
    timestampMs: assignment.timestampMs,
    bytes: message?.bytes.length ?? 0,
    ...(cron === undefined ? {} : { cron }),
  }
}

function outcomeOf(result: Result): SlotOutcome {
  const { Error: error } = result
  return {
    ...(error ? { error: preview(error) } : {}),
    messages: result.Messages?.length ?? 0,
    spawns: result.Spawns?.length ?? 0,
    assignments: result.Assignments?.length ?? 0,
    gasUsed: typeof result.GasUsed === 'number' ? result.GasUsed : 0,
    output: preview(outputText(result.Output)),
  }
}

/** What a console shows of an output, whichever module wrote it. */
function outputText(output: unknown): unknown {
  if (typeof output !== 'object' || output === null) return output
  if ('data' in output) return outputText(output.data)
  if ('output' in output) return outputText(output.output)
  return Object.keys(output).length === 0 ? '' : output
}

function preview(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.slice(0, explorerLimits.previewLength)
}
