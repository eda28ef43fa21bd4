import type { Item } from '@heddle/protocol/item'
import type { Disk } from '../../runtime/index.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps } from '../ports.ts'
import { type Catalog, openCatalog } from './catalog.ts'
import { idBytes, readId } from './id.ts'
import { blocksLog, Indexer } from './indexer.ts'
import { Keeper } from './keeper.ts'
import { type Found, pendingHeight } from './location.ts'
import { Orderer } from './orderer.ts'
import { createLoader, type LoadItem } from './reader.ts'
import { itemsLog } from './record.ts'
import { countMatches, type Search, search } from './search.ts'
import { TermMaker } from './terms.ts'

/** Everything the node holds, by id and by what it says. */
export type ItemStore = {
  readonly terms: TermMaker
  keep(item: Item): Promise<void>
  item(id: string): Promise<Item | undefined>
  /** The same of kept items alone, and of others only once they are indexed: never waits for that. */
  keptItem(id: string): Promise<Item | undefined>
  /** Where an item is, with its block height; sees all that was durable at the call. */
  find(id: string): Promise<Found | undefined>
  search(wanted: Search): Promise<Found[]>
  count(wanted: Search): Promise<number>
  settled(id: string): Promise<boolean>
  catchUp(): Promise<void>
  /** Reads items for one request. */
  loader(): LoadItem
  close(): Promise<void>
}

/**
 * Opens the store over the journal. Resolves once kept items and blocks are indexed; logs of
 * processes are carried over behind the scenes, and a query waits for them.
 */
export async function openItemStore(
  deps: ItemsDeps & { readonly disk: Disk },
  options: GatewayOptions,
): Promise<ItemStore> {
  const heads = new Map([
    [itemsLog, deps.journal.head(itemsLog)],
    [blocksLog, deps.consensus.tip().height + 1],
  ])
  const catalog = await openCatalog(options.indexFile, deps.disk, heads)
  const terms = new TermMaker(deps.engine)
  const keeper = new Keeper(deps, options, catalog, (item) => {
    indexer.wake()
    orderer.add(idBytes(item.id))
  })
  const indexer = new Indexer(deps, options, catalog, terms, (ids) => keeper.forget(ids))
  await indexer.catchUpKept()
  const orderer = new Orderer(deps, options, catalog.unordered())
  indexer.wake()
  return storeOf(deps, { catalog, terms, keeper, indexer, orderer })
}

type Parts = {
  readonly catalog: Catalog
  readonly terms: TermMaker
  readonly keeper: Keeper
  readonly indexer: Indexer
  readonly orderer: Orderer
}

function storeOf(deps: ItemsDeps, { catalog, terms, keeper, indexer, orderer }: Parts): ItemStore {
  const pause = () => deps.timer.sleep(0)
  const find = async (id: string) => {
    const bytes = readId(id)
    if (bytes === undefined) return undefined
    await indexer.catchUp()
    return catalog.find(bytes)
  }
  const load = async (found: Found | undefined) =>
    found && createLoader(deps, deps.engine)(found.location)
  const keptItem = async (id: string) => {
    const bytes = readId(id)
    if (bytes === undefined) return undefined
    return (await keeper.recent(id)) ?? load(catalog.find(bytes))
  }
  return {
    terms,
    keep: (item) => keeper.keep(item),
    item: async (id) => (await keptItem(id)) ?? load(await find(id)),
    keptItem,
    find,
    search: async (wanted) => {
      await indexer.catchUp()
      return search(catalog, wanted, pause)
    },
    count: async (wanted) => {
      await indexer.catchUp()
      return countMatches(catalog, wanted, pause)
    },
    settled: async (id) => {
      const found = await find(id)
      if (found === undefined) return false
      if (found.location.log === itemsLog) return found.height < pendingHeight
      return catalog.orderedHeight(found.id) !== undefined
    },
    catchUp: () => indexer.catchUp(),
    loader: () => createLoader(deps, deps.engine),
    close: async () => {
      await keeper.close()
      orderer.close()
      await indexer.close()
      await catalog.close()
    },
  }
}
