import { dirname, join } from 'node:path'
import { encodeBase64Url } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import type { Route } from '../network/index.ts'
import { type BlockJson, blockJson, blockRoutes } from './arweave/blocks.ts'
import { chunkRoutes } from './arweave/chunks.ts'
import { keepWithData } from './arweave/complete-transaction.ts'
import { contentRoutes } from './arweave/content.ts'
import { createWallets, developmentRoutes } from './arweave/development.ts'
import { networkRoutes } from './arweave/network.ts'
import { transactionRoutes } from './arweave/transactions.ts'
import { type HeldContent, heldContent } from './content.ts'
import { findKeeperStake } from './items/keeper-stake.ts'
import { createPeerItems, type PeerItemsDeps } from './items/peer-items.ts'
import { findAnnouncedSchedulers, findSchedulerLocation } from './items/scheduler-location.ts'
import { openItemStore } from './items/store.ts'
import { isTransactionJson } from './items/transaction-item.ts'
import { mainnetRoutes } from './mainnet/routes.ts'
import { type GatewayOptions, gatewayDefaults } from './options.ts'
import type { MainnetDeps } from './ports.ts'
import { queryRoutes } from './query/routes.ts'
import { Gathering } from './upload/gathering.ts'
import { type ItemCopy, keepCopy } from './upload/keep-copy.ts'
import { type PartsDeps, PartUploads } from './upload/parts.ts'
import { partsTaker, type UploadDeps, uploadRoutes } from './upload/routes.ts'

export type GatewayDeps = UploadDeps & PartsDeps & Pick<PeerItemsDeps, 'peers' | 'fetch'>

export type Gateway = {
  /** A kept, bundled or scheduled item by id, signature checked when it was taken. */
  item(id: string): Promise<Item | undefined>
  /**
   * The same without waiting for the index: an item scheduled a moment ago may not be found yet.
   */
  keptItem(id: string): Promise<Item | undefined>
  /**
   * An item as `item` gives it, or asked of the peers where this node has none; what they give is
   * checked and kept.
   */
  itemAnywhere(id: string): Promise<Item | undefined>
  /**
   * What an id names, its data read by range: an item or a transaction. Undefined where it is not here,
   * or not all of it; the peers are then asked behind the scenes, so asking again later may find it.
   */
  content(id: string): Promise<HeldContent | undefined>
  /** A final block of the base layer by its id, in Arweave's shape. */
  block(id: string): Promise<BlockJson | undefined>
  /**
   * Keeps an item whose signature the caller has checked. Resolves when it is durable; a repeat
   * resolves too. Rejects with `items-busy` (unavailable) or the journal's errors.
   */
  keep(item: Item): Promise<void>
  /**
   * The newest `Type: Scheduler-Location` item an owner (an address) signed, and its block's
   * height.
   */
  schedulerLocation(
    owner: string,
  ): Promise<{ readonly item: Item; readonly blockHeight: number } | undefined>
  /**
   * URLs of the schedulers that announced themselves here last, without those of `except` (an
   * address).
   */
  announcedSchedulers(except: string, limit: number): Promise<string[]>
  /** Tells whether a final block of the base layer holds the item. */
  settled(id: string): Promise<boolean>
  /**
   * Keeps an item another node asked this one to keep, once its signature is checked; its data is in the
   * store. Rejects with `item-signature-wrong`, `transaction-wrong`, `request-invalid`.
   */
  keepCopy(copy: ItemCopy): Promise<void>
  /** Tells whether an item or a transaction is kept here, whether or not its data is. */
  isKept(id: string): Promise<boolean>
  /** Winston a node has at stake by the word of an authority (addresses) in the base layer's blocks. */
  keeperStake(authority: string, keeper: string): Promise<bigint>
  /** Resolves when all that is durable now can be found. Queries do this by themselves. */
  catchUp(): Promise<void>
  /**
   * Kept items and bundles that could not be opened, so that not all they hold can be found yet. They are
   * tried again; what is wrong was told to `onFault`.
   */
  unopened(): number
  /** Routes of the node's root: uploads, content, Arweave's node API, GraphQL. */
  routes(): Route[]
  close(): Promise<void>
}

/** Opens the gateway over the journal; see README. */
export async function createGateway(
  deps: GatewayDeps,
  given: Partial<GatewayOptions> & Pick<GatewayOptions, 'indexFile'>,
): Promise<Gateway> {
  const set = { ...gatewayDefaults, ...given }
  const options = { ...set, gathering: new Gathering(set.gatheredBytes) }
  const folder = options.uploadsFolder ?? join(dirname(options.indexFile), 'uploads')
  const store = await openItemStore(deps, options)
  const taker = partsTaker(store, deps, options)
  const parts = await PartUploads.open(folder, deps, options, taker).catch(async (error) => {
    await store.close()
    throw error
  })
  const peerItem = createPeerItems(deps)
  const wallets = createWallets()
  const { signer, engine } = deps
  const address = signer === undefined ? '' : encodeBase64Url(engine.sha256(signer.owner))
  const facts = { ...deps, wallets, options, address }
  const fetchItem = async (id: string) => {
    const found = await peerItem(id)
    if (found === undefined) return undefined
    if (isTransactionJson(found.bytes)) {
      await keepWithData(await deps.checkTransaction(found.bytes), store, deps)
    } else await store.keep(found)
    return found
  }
  return {
    item: (id) => store.item(id),
    keptItem: (id) => store.keptItem(id),
    itemAnywhere: async (id) => (await store.item(id)) ?? fetchItem(id),
    async content(id) {
      const here = await heldContent(id, store, deps)
      if (here === undefined) void fetchItem(id).catch((error) => deps.onFault('no item', error))
      return here
    },
    async block(id) {
      const block = await deps.consensus.blockById(id)
      return block && blockJson(block)
    },
    keep: (item) => store.keep(item),
    schedulerLocation: (owner) => findSchedulerLocation(store, owner),
    announcedSchedulers: (except, limit) => findAnnouncedSchedulers(store, except, limit),
    settled: (id) => store.settled(id),
    keepCopy: (copy) => keepCopy(copy, store, deps),
    isKept: async (id) => (await store.holding(id)) !== undefined,
    keeperStake: (authority, keeper) => findKeeperStake(store, authority, keeper),
    catchUp: () => store.catchUp(),
    unopened: () => store.unopened(),
    routes: () => [
      ...uploadRoutes(store, deps, options, parts),
      ...queryRoutes(store, deps),
      ...transactionRoutes(store, deps),
      ...blockRoutes(deps.consensus),
      ...chunkRoutes(store, deps),
      ...networkRoutes(facts),
      ...contentRoutes(store, deps),
      ...(options.dev ? developmentRoutes(store, deps.consensus, wallets) : []),
    ],
    close: async () => {
      await parts.close()
      await store.close()
    },
  }
}

/** Routes of the node's root that speak aoconnect's mainnet mode. */
export function createMainnetRoutes(
  deps: MainnetDeps,
  given: Partial<Pick<GatewayOptions, 'pushPatienceMs' | 'readPatienceMs'>> = {},
): Route[] {
  return mainnetRoutes(deps, { ...gatewayDefaults, ...given })
}
