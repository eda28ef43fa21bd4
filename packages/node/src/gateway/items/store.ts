import { assert, isHeddleError } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import { idBytes, readId } from '../catalog/id.ts'
import { KnownIds } from '../catalog/known-ids.ts'
import {
  blocksLog,
  type Found,
  itemsLog,
  pendingHeight,
  type WeaveRegion,
} from '../catalog/location.ts'
import type { Search } from '../catalog/search.ts'
import { TermMaker } from '../catalog/terms.ts'
import { CatalogThread } from '../catalog/thread.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps, StoredData } from '../ports.ts'
import type { CheckedTransaction } from '../verify/check-transaction.ts'
import { storedData } from './data.ts'
import { type Holding, holdItem, holdItemHeader, wholeItem } from './holding.ts'
import { Indexer } from './indexer.ts'
import { Keeper } from './keeper.ts'
import { Orderer } from './orderer.ts'
import { createLoader, holdRecord, type LoadHolding } from './reader.ts'
import { decodeRecord, encodeRecord } from './record.ts'
import { createRecordReader } from './record-reader.ts'
import { heldTransactionItem } from './transaction-item.ts'

/** Everything the node holds, by id and by what it says. */
export type ItemStore = {
  readonly terms: TermMaker
  /** Each resolves when what is given is durable; what it says of itself is checked by then. */
  keep(item: Item): Promise<void>
  keepTransaction(transaction: Pick<CheckedTransaction, 'id' | 'record'>): Promise<void>
  /** An item whose data is in the store already; `header` is all before that. */
  keepStored(header: Uint8Array, data: StoredData): Promise<void>
  /** Notes that all data of the transaction at a slot of the items log is in the store. */
  noteSeeded(slot: number): Promise<void>
  item(id: string): Promise<Item | undefined>
  /**
   * The same of kept items alone, and of others only once they are indexed: never waits for that.
   */
  keptItem(id: string): Promise<Item | undefined>
  /** An item or a transaction, also one taken a moment ago. */
  holding(id: string): Promise<Holding | undefined>
  /** Where an item is as the index knows now: not waited for. */
  place(id: string): Promise<Found | undefined>
  /** Where a transaction's data is in the weave, once it is all here; and what is at an offset. */
  weaveOf(slot: number): Promise<WeaveRegion | undefined>
  weaveAt(offset: number): Promise<WeaveRegion | undefined>
  /** Where an item is, with its block height; sees all that was durable at the call. */
  find(id: string): Promise<Found | undefined>
  search(wanted: Search): Promise<Found[]>
  count(wanted: Search): Promise<number>
  settled(id: string): Promise<boolean>
  catchUp(): Promise<void>
  /** Kept records that could not be opened and indexed yet. */
  unopened(): number
  readonly load: LoadHolding
  close(): Promise<void>
}

/**
 * Opens the store over the journal. Resolves once kept items and blocks are indexed; logs of
 * processes are carried over behind the scenes, and a query waits for them.
 */
export async function openItemStore(deps: ItemsDeps, options: GatewayOptions): Promise<ItemStore> {
  const catalog = new CatalogThread({
    path: options.indexFile,
    heads: () =>
      new Map([
        [itemsLog, deps.journal.head(itemsLog)],
        [blocksLog, deps.consensus.tip().height + 1],
      ]),
    onFault: deps.onFault,
    ...(options.catalogWorkerUrl === undefined ? {} : { workerUrl: options.catalogWorkerUrl }),
  })
  const opened = await catalog.open()
  const indexer = new Indexer(deps, options, catalog, (ids) => keeper.forget(ids))
  const again = <Answer>(ask: () => Promise<Answer>) => askAgain(ask, indexer)
  const keeper = new Keeper(
    deps,
    options,
    new KnownIds(opened.known),
    (id) => again(() => catalog.ask('isKept', { id })),
    (id) => {
      indexer.wake()
      if (id !== undefined) orderer.add(idBytes(id))
    },
  )
  try {
    await indexer.catchUpKept()
  } catch (error) {
    await catalog.close()
    throw error
  }
  const orderer = new Orderer(deps, options, await catalog.ask('unordered', {}))
  indexer.wake()
  const load = createLoader(deps, createRecordReader(deps.journal, options.rememberedBytes))
  return storeOf(deps, { catalog, keeper, indexer, orderer, load }, again)
}

type Again = <Answer>(ask: () => Promise<Answer>) => Promise<Answer>

/** A read that the loss of the index thread cut short is made again once the index is back. */
async function askAgain<Answer>(ask: () => Promise<Answer>, indexer: Indexer): Promise<Answer> {
  try {
    return await ask()
  } catch (error) {
    if (!isHeddleError(error, 'index-lost')) throw error
    await indexer.catchUp()
    return ask()
  }
}

type Parts = {
  readonly catalog: CatalogThread
  readonly keeper: Keeper
  readonly indexer: Indexer
  readonly orderer: Orderer
  readonly load: LoadHolding
}

function storeOf(
  deps: ItemsDeps,
  { catalog, keeper, indexer, orderer, load }: Parts,
  again: Again,
): ItemStore {
  /** An answer that has in it all that was durable at the call. */
  const current = <Answer>(ask: () => Promise<Answer>) =>
    again(async () => {
      await indexer.catchUp()
      return ask()
    })
  const find = async (id: string) => {
    const bytes = readId(id)
    if (bytes === undefined) return undefined
    return current(() => catalog.ask('find', { id: bytes }))
  }
  const { engine, store } = deps
  const loadFound = async (found: Found | undefined) => found && load(found.location)
  const place = async (id: string) => {
    const bytes = readId(id)
    return bytes && again(() => catalog.ask('find', { id: bytes }))
  }
  const kept = async (id: string) => (await keeper.recent(id)) ?? loadFound(await place(id))
  const holding = async (id: string) => (await kept(id)) ?? loadFound(await find(id))
  const whole = async (held: Holding | undefined) => {
    if (held?.transaction !== undefined) return heldTransactionItem(held, held.transaction, store)
    return held && wholeItem(held, engine)
  }
  return {
    terms: new TermMaker(engine),
    keep: (item) => {
      const record = encodeRecord({ kind: 'item', bytes: item.bytes }, 0)
      return keeper.keep(item.id, record, () => holdItem(item))
    },
    keepTransaction: ({ id, record }) =>
      keeper.keep(id, record, () => {
        const held = holdRecord(decodeRecord(record).kept, deps)
        assert(held !== undefined, 'the record of a transaction holds it')
        return held
      }),
    keepStored: (header, data) => {
      const held = holdItemHeader(header, () => storedData(data, store), engine)
      const record = encodeRecord({ kind: 'stored-item', header, data }, 0)
      return keeper.keep(held.id, record, () => held)
    },
    noteSeeded: (slot) => keeper.noteSeeded(slot),
    item: async (id) => whole(await holding(id)),
    keptItem: async (id) => whole(await kept(id)),
    holding,
    place,
    find,
    weaveOf: (slot) => current(() => catalog.ask('weaveOf', { slot })),
    weaveAt: (offset) => current(() => catalog.ask('weaveAt', { offset })),
    search: (wanted) => current(() => catalog.ask('search', { wanted })),
    count: (wanted) => current(() => catalog.ask('count', { wanted })),
    settled: async (id) => {
      const found = await find(id)
      if (found === undefined) return false
      if (found.location.log === itemsLog) return found.height < pendingHeight
      const height = await again(() => catalog.ask('orderedHeight', { id: found.id }))
      return height !== undefined
    },
    catchUp: () => indexer.catchUp(),
    unopened: () => indexer.unopened,
    load,
    close: async () => {
      await keeper.close()
      orderer.close()
      await indexer.close()
      await catalog.close()
    },
  }
}
