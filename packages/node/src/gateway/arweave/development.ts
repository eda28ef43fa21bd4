import type { Route } from '../../network/index.ts'
import { encodeOrder } from '../items/order.ts'
import type { ItemStore } from '../items/store.ts'
import type { BaseLayer } from '../ports.ts'
import { blockJson } from './blocks.ts'

/** Most blocks one request may make. */
const blocksMax = 100
const walletsMax = 10_000

/** Balances handed out at `/mint`, for clients that look before they post. They buy nothing. */
export type Wallets = {
  balanceOf(address: string): string
  mint(address: string, winston: bigint): string
}

export function createWallets(): Wallets {
  const balances = new Map<string, bigint>()
  return {
    balanceOf: (address) => String(balances.get(address) ?? 0n),
    mint(address, winston) {
      if (balances.size >= walletsMax) balances.clear()
      const balance = (balances.get(address) ?? 0n) + winston
      balances.set(address, balance)
      return String(balance)
    },
  }
}

/** `/mine` makes blocks and `/mint` balances, as development nodes of Arweave do. */
export function developmentRoutes(
  store: ItemStore,
  consensus: BaseLayer,
  wallets: Wallets,
): Route[] {
  const mine = async (blocks: number) => {
    await store.catchUp()
    for (let made = 0; made < Math.min(blocks, blocksMax); made++) {
      await consensus.submit(encodeOrder([]))
    }
    return { status: 200, body: blockJson(consensus.tip()) }
  }
  return [
    { method: 'GET', path: '/mine', handle: () => mine(1) },
    {
      method: 'GET',
      path: '/mine/:blocks(^\\d{1,3}$)',
      handle: ({ params }) => mine(Number(params.blocks)),
    },
    {
      method: 'GET',
      path: '/mint/:address/:winston(^\\d{1,26}$)',
      handle: ({ params: { address = '', winston = '0' } }) => ({
        status: 200,
        body: wallets.mint(address, BigInt(winston)),
      }),
    },
  ]
}
