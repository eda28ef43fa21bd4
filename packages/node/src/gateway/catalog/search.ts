import { searchTooBroad } from '../errors.ts'
import type { Catalog } from './catalog.ts'
import { type Found, type Place, seqPerMs } from './location.ts'
import type { Term } from './terms.ts'
import { idsWindow, postingsWindow, type Range, type Window } from './window.ts'

/**
 * What to look for. An item is found if it has a term of each `required` list and none `excluded`.
 */
export type Search = {
  readonly ids?: readonly Uint8Array[] | undefined
  readonly required: readonly (readonly Term[])[]
  readonly excluded: readonly Term[]
  readonly heights: Range
  /** Milliseconds, both ends included. */
  readonly times: Range
  readonly after?: Place | undefined
  readonly ascending: boolean
  readonly limit: number
}

/** Index entries looked at in one go: few at first, since most searches end there. */
const firstWindowEntries = 32
const windowEntries = 512
/** Fewer of each where many lists are merged, so that no window holds up the others. */
const windowEntriesInAll = 8192
/** Entries read and looked up before others get their turn. */
const lookedAtOnce = 4096
/** In one search. */
const lookedAtMax = 2_000_000

/**
 * Places of the items found, in order. Looks at the index a window at a time and lets others run in
 * between (`pause`), so that no query holds up the others. Throws `search-too-broad`.
 */
export async function search(
  catalog: Catalog,
  wanted: Search,
  pause: () => Promise<void>,
): Promise<Found[]> {
  const found: Found[] = []
  await eachMatch(catalog, wanted, pause, (match) => {
    found.push(match)
    return found.length < wanted.limit
  })
  return found
}

/** How many items there are in all, whatever `after` and `limit` say. Throws `search-too-broad`. */
export async function countMatches(
  catalog: Catalog,
  wanted: Search,
  pause: () => Promise<void>,
): Promise<number> {
  const counted = countList(catalog, wanted)
  if (counted !== undefined) return counted
  let count = 0
  await eachMatch(catalog, { ...wanted, after: undefined }, pause, () => {
    count++
    return true
  })
  return count
}

/** The length of one list is known without walking it; undefined where more is asked. */
function countList(catalog: Catalog, wanted: Search): number | undefined {
  const { ids, required, excluded, heights, times } = wanted
  const bounds = [heights.min, heights.max, times.min, times.max]
  const narrowed =
    ids !== undefined || excluded.length > 0 || bounds.some((end) => end !== undefined)
  const [list, ...others] = required
  if (narrowed || others.length > 0 || (list !== undefined && list.length !== 1)) return undefined
  const [term] = list ?? []
  const from = term === undefined ? 'item' : 'posting WHERE term = ?'
  const count = catalog.statement(`SELECT count(*) AS size FROM ${from}`)
  return Number(count.get(...(term === undefined ? [] : [term]))?.size)
}

async function eachMatch(
  catalog: Catalog,
  wanted: Search,
  pause: () => Promise<void>,
  take: (found: Found) => boolean,
): Promise<void> {
  const { driver, tests } = plan(catalog, wanted)
  const holds = catalog.statement('SELECT 1 FROM posting WHERE term = ? AND height = ? AND seq = ?')
  let lookedAt = 0
  let pausedAt = 0
  const has = (term: Term, at: Place) => {
    lookedAt++
    return holds.get(term, at.height, at.seq) !== undefined
  }
  const rest = async () => {
    if (lookedAt >= lookedAtMax) throw searchTooBroad(lookedAt)
    pausedAt = lookedAt
    await pause()
  }
  const most = Math.min(windowEntries, Math.ceil(windowEntriesInAll / Math.max(1, driver.lists)))
  let after = wanted.after
  let entries = Math.min(most, Math.max(firstWindowEntries, 2 * wanted.limit))
  for (; ; entries = most) {
    const window = driver.read(after, entries)
    lookedAt += window.length * driver.lists
    for (const place of window) {
      if (lookedAt - pausedAt > lookedAtOnce) await rest()
      if (!tests.every((terms) => terms.some((term) => has(term, place)))) continue
      if (wanted.excluded.some((term) => has(term, place))) continue
      const match = inTime(place, wanted.times) ? catalog.at(place.seq) : undefined
      if (match !== undefined && !take(match)) return
    }
    after = window.at(-1)
    if (window.length < entries) return
    await rest()
  }
}

/** Walks the shortest list of the index and tests the others. */
function plan(catalog: Catalog, wanted: Search): { driver: Window; tests: (readonly Term[])[] } {
  if (wanted.ids !== undefined) {
    return { driver: idsWindow(catalog, wanted.ids, wanted), tests: [...wanted.required] }
  }
  const [only, ...others] = wanted.required
  if (others.length === 0) return { driver: postingsWindow(catalog, only, wanted), tests: [] }
  const bySize = wanted.required
    .map((terms) => ({ terms, size: estimate(catalog, terms) }))
    .sort((a, b) => a.size - b.size)
    .map(({ terms }) => terms)
  const [shortest, ...tests] = bySize
  return { driver: postingsWindow(catalog, shortest, wanted), tests }
}

/** Length of the terms' lists, see `Catalog.listSize`. */
function estimate(catalog: Catalog, terms: readonly Term[]): number {
  return terms.reduce((sum, term) => sum + catalog.listSize(term), 0)
}

function inTime(place: Place, { min, max }: Range): boolean {
  const timeMs = Math.floor(place.seq / seqPerMs)
  return timeMs >= (min ?? 0) && timeMs <= (max ?? Number.MAX_SAFE_INTEGER)
}
