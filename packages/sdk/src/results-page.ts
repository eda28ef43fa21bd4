import { answerUnexpected } from './errors.ts'
import { type ReadResult, readResult } from './result.ts'
import { isObject, readObject, type Transport } from './transport.ts'

/** Which results to list. Cursors come from an earlier page. */
export type PageInput = {
  /** Results behind this cursor, itself excluded. */
  readonly from?: string
  /** Results up to this cursor, itself included. */
  readonly to?: string
  /** 25 unless told, 1,000 at most. */
  readonly limit?: number
  /** Oldest first (ASC) unless told. */
  readonly sort?: 'ASC' | 'DESC'
  readonly signal?: AbortSignal
}

/** Results in the order asked for, each with its slot. */
export type ResultsPage = {
  readonly results: readonly (ReadResult & { readonly slot: number; readonly cursor: string })[]
  readonly hasNextPage: boolean
}

/** One page of a process's results, cron's among them. */
export async function fetchResults(
  transport: Transport,
  processId: string,
  { signal, ...page }: PageInput,
): Promise<ResultsPage> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(page)) {
    if (value !== undefined) query.set(name, String(value))
  }
  const answer = await transport.get(`/cu/results/${processId}?${query}`, signal)
  const { edges, pageInfo } = readObject(transport, answer)
  if (!Array.isArray(edges)) throw answerUnexpected(transport.url, 'a page of results')
  const results = edges.filter(isObject).map(({ node, cursor }) => ({
    ...readResult(isObject(node) ? node : {}),
    slot: slotOf(String(cursor)),
    cursor: String(cursor),
  }))
  return { results, hasNextPage: isObject(pageInfo) && pageInfo.hasNextPage === true }
}

/** AO's cursors are base64 of JSON, the slot in `ordinate`. */
function slotOf(cursor: string): number {
  try {
    const fields: unknown = JSON.parse(atob(cursor))
    return isObject(fields) ? Number(fields.ordinate) : Number.NaN
  } catch {
    return Number.NaN
  }
}
