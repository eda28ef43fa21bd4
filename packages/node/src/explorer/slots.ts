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
  const rows: SlotRow[] = []
  for await (const entry of readEntries(log, processId, from, limit)) {
    rows.push(rowOf(entry, engine))
  }
  const outcomes = new Map<number, SlotOutcome>()
  for await (const { slot, result } of readEvaluations(results, processId, from, rows.length)) {
    outcomes.set(slot, outcomeOf(result))
  }
  return rows.map((row) => {
    const outcome = outcomes.get(row.slot)
    return { ...row, ...(outcome === undefined ? {} : { outcome }) }
  })
}

/**
 * Entries from a slot on, a page in memory at a time: as large as messages may be, only what a page shows
 * of them is kept. The log may give fewer at a time than it was asked for.
 */
export async function* readEntries(
  log: Sources['log'],
  processId: string,
  from: number,
  limit: number,
): AsyncGenerator<LogEntry> {
  const end = Math.min(from + limit, log.head(processId))
  for (let at = from; at < end; ) {
    const page = await log.entries(processId, at, end - at)
    if (page.length === 0) return
    at += page.length
    yield* page
  }
}

/** Results from a slot on, likewise. */
export async function* readEvaluations(
  results: Sources['results'],
  processId: string,
  from: number,
  limit: number,
): AsyncGenerator<SlotEvaluation> {
  const end = Math.min(from + limit, results.evaluatedHead(processId))
  for (let at = from; at < end; ) {
    const page = await results.evaluations(processId, at, end - at, explorerLimits.pageBytes)
    if (page.length === 0) return
    at += page.length
    yield* page
  }
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
