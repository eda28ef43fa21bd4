import { readId } from '../catalog/id.ts'
import type { Found } from '../catalog/location.ts'
import type { Search } from '../catalog/search.ts'
import { type Term, type TermMaker, unindexedTags } from '../catalog/terms.ts'
import { queryTooLarge } from '../errors.ts'
import type { QueryContext } from './context.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { countFiltered, type ItemFilter, searchFiltered } from './filtered.ts'
import { queryLimits } from './limits.ts'
import { transactionNode } from './transaction.ts'

type Optional<Value> = Value | null | undefined
type TagFilter = { name: string; values?: Optional<string[]>; op?: Optional<'EQ' | 'NEQ'> }
type NumberRange = { min?: Optional<number>; max?: Optional<number> }

export type TransactionsArgs = {
  ids?: Optional<string[]>
  owners?: Optional<string[]>
  recipients?: Optional<string[]>
  tags?: Optional<TagFilter[]>
  bundledIn?: Optional<string[]>
  parent?: Optional<string[]>
  block?: Optional<NumberRange>
  ingested_at?: Optional<NumberRange>
  first?: Optional<number>
  after?: Optional<string>
  sort?: Optional<string>
}

/** One page of a search. The count is made only if it is asked for. */
export async function transactionConnection(args: TransactionsArgs, context: QueryContext) {
  const first = pageSize(args.first)
  const wanted = readSearch(args, context, first + 1)
  const filter = readFilter(args.tags ?? [], context)
  const { store } = context
  const found = first === 0 ? [] : await searchFiltered(store, wanted, filter)
  const edges = found.slice(0, first).map((match) => ({
    cursor: encodeCursor(match.height, match.seq),
    node: transactionNode(match, context),
  }))
  return {
    pageInfo: { hasNextPage: found.length > first },
    edges,
    count: () => countFiltered(store, wanted, filter),
  }
}

export async function transactionById(id: string, context: QueryContext) {
  const found = await context.store.find(id)
  return found === undefined ? null : transactionNode(found, context)
}

/** Edges of a page: 10 unless told, the limit where more is asked. */
export function pageSize(first: Optional<number>): number {
  const wanted = first ?? 10
  if (wanted < 0) throw queryTooLarge(`first: ${wanted} is below 0`)
  return Math.min(wanted, queryLimits.first)
}

function readSearch(args: TransactionsArgs, context: QueryContext, limit: number): Search {
  const { terms } = context.store
  const lists = [args.ids, args.owners, args.recipients, args.tags, args.bundledIn, args.parent]
  for (const list of lists) checkListed(list)
  const tags = args.tags ?? []
  for (const { values } of tags) checkListed(values)
  checkListedInAll([...lists, ...tags.map(({ values }) => values)])
  const indexed = tags.filter(isIndexed)
  const required: Term[][] = []
  const require = (list: Optional<string[]>, make: (text: string) => Term) => {
    // A list of none says nothing, as on other gateways.
    if (list && list.length > 0) required.push(list.map(make))
  }
  require(args.owners, (address) => terms.owner(address))
  require(args.recipients, (target) => terms.recipient(target))
  require(args.bundledIn, (id) => terms.bundledIn(id))
  require(args.parent, (id) => terms.bundledIn(id))
  for (const { name, values, op } of indexed) {
    if (op !== 'NEQ') require(values, (value) => terms.tag(name, value))
  }
  const cursor = decodeCursor(args.after, 2)
  const [height = 0, seq = 0] = cursor ?? []
  return {
    // An id that names no 32 bytes is the id of nothing: it must not widen the search.
    ids: args.ids?.length ? args.ids.flatMap((id) => readId(id) ?? []) : undefined,
    required,
    excluded: excludedTerms(indexed, terms),
    heights: range(args.block, 1, 0),
    times: range(args.ingested_at, 1000, 999),
    after: cursor && { height, seq },
    ascending: args.sort?.endsWith('_ASC') ?? false,
    limit,
  }
}

function excludedTerms(tags: readonly TagFilter[], terms: TermMaker): Term[] {
  return tags.flatMap(({ name, values, op }) =>
    op === 'NEQ' ? (values ?? []).map((value) => terms.tag(name, value)) : [],
  )
}

/**
 * The index answers for name and value. A filter without values, which asks for the name alone, and
 * one on a tag that is not indexed are answered by the item itself.
 */
function isIndexed({ name, values }: TagFilter): boolean {
  return values !== null && values !== undefined && values.length > 0 && !unindexedTags.has(name)
}

function readFilter(tags: readonly TagFilter[], context: QueryContext): ItemFilter | undefined {
  const filters = tags.filter((tag) => !isIndexed(tag))
  if (filters.length === 0) return undefined
  return async (found: Found) => {
    const { tags: held } = await context.describe(found)
    return filters.every(({ name, values, op }) => {
      const any = !values || values.length === 0
      const has = held.some((tag) => tag.name === name && (any || values.includes(tag.value)))
      return has === (op !== 'NEQ')
    })
  }
}

function range(given: Optional<NumberRange>, scale: number, rest: number) {
  const { min, max } = given ?? {}
  return {
    min: typeof min === 'number' ? min * scale : undefined,
    max: typeof max === 'number' ? max * scale + rest : undefined,
  }
}

function checkListed(list: Optional<readonly unknown[]>): void {
  if (list && list.length > queryLimits.listed) {
    throw queryTooLarge(`a list of ${list.length} entries, ${queryLimits.listed} are allowed`)
  }
}

/** Every entry is a test of its own for each item that is looked at. */
function checkListedInAll(lists: readonly Optional<readonly unknown[]>[]): void {
  const entries = lists.reduce((sum, list) => sum + (list?.length ?? 0), 0)
  if (entries > queryLimits.listedInAll) {
    throw queryTooLarge(
      `${entries} entries in all lists together, ${queryLimits.listedInAll} are allowed`,
    )
  }
}
