import { encodeBase64Url } from '@heddle/protocol/base'
import type { Route } from '../../network/index.ts'
import { blockUnknown } from '../errors.ts'
import { decodeOrder } from '../items/order.ts'
import type { BaseBlock, BaseLayer } from '../ports.ts'

/** Final blocks of the base layer in Arweave's shape. What proof of work would fill in is empty. */
export function blockRoutes(consensus: BaseLayer): Route[] {
  const reply = (block: BaseBlock | undefined, name: string) => {
    if (block === undefined) throw blockUnknown(name, consensus.tip().height)
    return { status: 200, body: blockJson(block) }
  }
  return [
    { method: 'GET', path: '/block/current', handle: () => reply(consensus.tip(), 'current') },
    {
      method: 'GET',
      path: '/block/height/:height',
      handle: async ({ params: { height = '' } }) => {
        const known = /^\d{1,15}$/.test(height)
        return reply(known ? await consensus.block(Number(height)) : undefined, height)
      },
    },
    {
      method: 'GET',
      path: '/block/hash/:hash',
      handle: async ({ params: { hash = '' } }) => reply(await consensus.blockById(hash), hash),
    },
  ]
}

export type BlockJson = ReturnType<typeof blockJson>

/** A block in the shape of Arweave's. */
export function blockJson(block: BaseBlock) {
  const ids = block.payloads.flatMap(decodeOrder)
  return {
    indep_hash: block.id,
    hash: block.id,
    previous_block: block.previous,
    height: block.height,
    // Seconds, as everywhere on Arweave.
    timestamp: Math.floor(block.timestampMs / 1000),
    txs: ids.map(encodeBase64Url),
    nonce: '',
    last_retarget: 0,
    diff: '0',
    tx_root: '',
    wallet_list: '',
    reward_addr: 'unclaimed',
    tags: [],
    reward_pool: '0',
    weave_size: '0',
    block_size: '0',
  }
}
