import type { Found } from '../catalog/location.ts'
import type { Search } from '../catalog/search.ts'
import { searchTooBroad } from '../errors.ts'
import type { ItemStore } from '../items/store.ts'

/** What the index cannot tell of an item, asked of the item itself. */
export type ItemFilter = (found: Found) => Promise<boolean>

/** Items read in one search because the index could not tell. */
const readMax = 20_000
const pageItems = 512

type Searching = Pick<ItemStore, 'search' | 'count'>

/** A search whose matches must also pass `filter`. Throws `search-too-broad`. */
export async function searchFiltered(
  store: Searching,
  wanted: Search,
  filter: ItemFilter | undefined,
): Promise<Found[]> {
  if (filter === undefined) return store.search(wanted)
  const found: Found[] = []
  await eachPassing(store, wanted, filter, (match) => {
    found.push(match)
    return found.length < wanted.limit
  })
  return found
}

/** How many pass in all, whatever `after` and `limit` say. Throws `search-too-broad`. */
export async function countFiltered(
  store: Searching,
  wanted: Search,
  filter: ItemFilter | undefined,
): Promise<number> {
  if (filter === undefined) return store.count(wanted)
  let count = 0
  await eachPassing(store, { ...wanted, after: undefined }, filter, () => {
    count++
    return true
  })
  return count
}

async function eachPassing(
  store: Searching,
  wanted: Search,
  filter: ItemFilter,
  take: (found: Found) => boolean,
): Promise<void> {
  let after = wanted.after
  for (let read = 0; ; ) {
    const page = await store.search({ ...wanted, after, limit: pageItems })
    for (const match of page) {
      if (++read > readMax) throw searchTooBroad(readMax)
      if ((await filter(match)) && !take(match)) return
    }
    const last = page.at(-1)
    if (page.length < pageItems || last === undefined) return
    after = { height: last.height, seq: last.seq }
  }
}
