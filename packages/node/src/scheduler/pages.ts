import type { LogEntry } from '@heddle/protocol/message'
import { requestInvalid } from './errors.ts'
import type { LogReader } from './log-reader.ts'
import type { SchedulerOptions } from './options.ts'

/** Which slots a page is about: from `start`, below `end`, at most `limit` of them. */
type PageRange = {
  readonly start: number
  readonly end: number
  readonly limit: number
  /** What the edges' cursors, and the bounds asked for, count in. */
  readonly cursor: 'slot' | 'timestamp'
}

type Page = {
  readonly entries: readonly LogEntry[]
  /** There is a durable slot in the range behind the last entry. */
  readonly hasNext: boolean
}

/**
 * Reads the range out of a legacynet page request (ao-protocol.md §2.1): `from` exclusive, `to`
 * inclusive, in ms, or in slots where `from-nonce` or `to-nonce` is given. Without a `from` the page
 * begins with the process itself. A limit above the most is cut, since `has_next_page` tells the rest.
 */
export async function readPageRange(
  processId: string,
  head: number,
  query: URLSearchParams,
  reader: LogReader,
  options: Pick<SchedulerOptions, 'pageEdges' | 'pageEdgesMax'>,
): Promise<PageRange> {
  const asked = wholeNumber(query, 'limit', 1) ?? options.pageEdges
  const limit = Math.min(asked, options.pageEdgesMax)
  if (query.has('from-nonce') || query.has('to-nonce')) {
    const from = wholeNumber(query, 'from-nonce', -1) ?? -1
    const to = wholeNumber(query, 'to-nonce', -1) ?? head
    return { start: from + 1, end: Math.min(head, to + 1), limit, cursor: 'slot' }
  }
  const from = wholeNumber(query, 'from', 0)
  const to = wholeNumber(query, 'to', 0)
  return {
    start: from === undefined ? 0 : await reader.slotsUntil(processId, from),
    end: to === undefined ? head : await reader.slotsUntil(processId, to),
    limit,
    cursor: 'timestamp',
  }
}

export async function readPage(
  processId: string,
  { start, end, limit }: Omit<PageRange, 'cursor'>,
  reader: Pick<LogReader, 'entries'>,
): Promise<Page> {
  const wanted = Math.max(0, Math.min(limit, end - start))
  const entries = wanted === 0 ? [] : await reader.entries(processId, start, wanted)
  return { entries, hasNext: wanted > 0 && start + entries.length < end }
}

function wholeNumber(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= least) return value
  throw requestInvalid(`${name} must be a whole number from ${least}, not ${text.slice(0, 32)}`)
}
