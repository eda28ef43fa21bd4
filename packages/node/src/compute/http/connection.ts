import type { Result } from '@heddle/protocol/message'
import type { Evaluation } from '../face.ts'
import { type Cursor, encodeCursor, type Sort } from './cursor.ts'

/** What a listing needs of the unit. */
type ResultSource = {
  evaluatedHead(processId: string): number
  evaluations(
    processId: string,
    fromSlot: number,
    limit: number,
    bytesMax: number,
  ): Promise<Evaluation[]>
  heads(
    processId: string,
    fromSlot: number,
    toSlot: number,
  ): AsyncIterable<{ readonly slot: number; readonly cron?: string | undefined }>
}

type Page = {
  readonly from: Cursor | undefined
  readonly to: Cursor | undefined
  readonly sort: Sort
  readonly limit: number
}

/** AO's shape of a list of results. */
type Connection = {
  readonly pageInfo: { readonly hasNextPage: boolean }
  readonly edges: readonly { readonly node: Result; readonly cursor: string }[]
}

/** Slots read at once, and the size at which a page ends early: results can be megabytes. */
const readSlots = 32
const pageBytesMax = 16 * 1024 * 1024

/**
 * Durable results of a process. As in AO, `from` is a lower bound (a cursor's own slot excluded)
 * and
 * `to` an upper bound (included), whichever way the page is sorted: so with DESC the next page down
 * is
 * asked for with `to`, and `from` gives what is newer than a cursor.
 */
export async function listResults(
  source: ResultSource,
  processId: string,
  page: Page,
): Promise<Connection> {
  const { first, end } = await slotRange(source, processId, page)
  const edges: { node: Result; cursor: string }[] = []
  let bytes = 0
  let most = readSlots
  let slot = page.sort === 'ASC' ? first : end
  const left = () => (page.sort === 'ASC' ? end - slot : slot - first)
  while (left() > 0 && edges.length < page.limit && bytes < pageBytesMax) {
    const count = Math.min(most, left(), page.limit - edges.length)
    const from = page.sort === 'ASC' ? slot : slot - count
    const evaluations = await source.evaluations(processId, from, count, pageBytesMax - bytes)
    if (evaluations.length === 0) break
    if (page.sort === 'DESC') {
      // The newest of them were cut off, and come first here.
      most = Math.ceil(count / 4)
      if (evaluations.length < count) continue
      most = readSlots
      evaluations.reverse()
    }
    for (const evaluation of evaluations) {
      if (bytes >= pageBytesMax) break
      edges.push(edgeOf(evaluation, page.sort))
      bytes += JSON.stringify(evaluation.result).length
      slot = page.sort === 'ASC' ? evaluation.slot + 1 : evaluation.slot
    }
  }
  return { pageInfo: { hasNextPage: left() > 0 }, edges }
}

/** The same for cron results alone. Reads record heads only, until the page is full. */
export async function listCron(
  source: ResultSource,
  processId: string,
  page: Page,
  signal: AbortSignal,
): Promise<Connection> {
  const { first, end } = await slotRange(source, processId, page)
  const slots: number[] = []
  for await (const head of source.heads(processId, first, end)) {
    if (signal.aborted || slots.length > page.limit) break
    if (head.cron !== undefined) slots.push(head.slot)
  }
  const edges: { node: Result; cursor: string }[] = []
  let bytes = 0
  for (const slot of slots.slice(0, page.limit)) {
    const [evaluation] = await source.evaluations(processId, slot, 1, 1)
    if (evaluation === undefined) continue
    edges.push(edgeOf(evaluation, 'ASC'))
    bytes += JSON.stringify(evaluation.result).length
    if (bytes >= pageBytesMax) break
  }
  return { pageInfo: { hasNextPage: slots.length > edges.length }, edges }
}

function edgeOf(evaluation: Evaluation, sort: Sort) {
  const { timestampMs, slot, cron, result } = evaluation
  return { node: result, cursor: encodeCursor(timestampMs, slot, cron, sort) }
}

/** Slots between the page's bounds: `first` included, `end` not. */
async function slotRange(source: ResultSource, processId: string, { from, to }: Page) {
  const head = source.evaluatedHead(processId)
  const timeSlot = (timestampMs: number) => firstSlotAt(source, processId, head, timestampMs)
  let first = 0
  if (from?.ordinate !== undefined) first = from.ordinate + 1
  else if (from?.timestamp !== undefined) first = await timeSlot(from.timestamp)
  let end = head
  if (to?.ordinate !== undefined) end = to.ordinate + 1
  else if (to?.timestamp !== undefined) end = await timeSlot(to.timestamp + 1)
  return { first: Math.min(first, head), end: Math.min(end, head) }
}

/** First slot not before a time. Timestamps rise with slots, so halving finds it. */
async function firstSlotAt(
  source: ResultSource,
  processId: string,
  head: number,
  timestampMs: number,
): Promise<number> {
  let low = 0
  let high = head
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const [evaluation] = await source.evaluations(processId, middle, 1, 1)
    if (evaluation !== undefined && evaluation.timestampMs < timestampMs) low = middle + 1
    else high = middle
  }
  return low
}
