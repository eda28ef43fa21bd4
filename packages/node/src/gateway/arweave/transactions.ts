import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import type { Route, RouteReply } from '../../network/index.ts'
import { itemUnknown } from '../errors.ts'
import { pendingHeight } from '../items/location.ts'
import type { ItemStore } from '../items/store.ts'
import type { ItemsDeps } from '../ports.ts'
import { idPattern } from './id-path.ts'

/** Data up to this many bytes is part of `/tx/:id`, as nodes do it; more is read at `/:id`. */
const inlineBytes = 12 * 1024 * 1024

/** Items in the shape of layer-1 transactions, and where they stand. */
export function transactionRoutes(store: ItemStore, deps: ItemsDeps): Route[] {
  return [
    {
      method: 'GET',
      path: `/tx/:id(${idPattern})`,
      handle: async ({ params }) => {
        const item = await store.item(params.id ?? '')
        if (item === undefined) throw itemUnknown(params.id ?? '')
        return { status: 200, body: transactionJson(item) }
      },
    },
    {
      method: 'GET',
      path: `/tx/:id(${idPattern})/status`,
      handle: ({ params }) => status(params.id ?? '', store, deps),
    },
  ]
}

/** Tags, keys and data in base64url. What an item does not have (fee, data root) is empty. */
function transactionJson(item: Item) {
  const text = (value: string) => encodeBase64Url(encodeText(value))
  const inline = item.data.length <= inlineBytes
  return {
    format: 2,
    id: item.id,
    last_tx: encodeBase64Url(item.anchor),
    owner: encodeBase64Url(item.owner),
    tags: item.tags.map(({ name, value }) => ({ name: text(name), value: text(value) })),
    target: encodeBase64Url(item.target),
    quantity: '0',
    data: inline ? encodeBase64Url(item.data) : '',
    data_size: String(item.data.length),
    data_root: '',
    data_tree: [],
    reward: '0',
    signature: encodeBase64Url(item.signature),
  }
}

async function status(id: string, store: ItemStore, { consensus }: ItemsDeps): Promise<RouteReply> {
  const found = await store.find(id)
  if (found === undefined) throw itemUnknown(id)
  if (found.height >= pendingHeight) return { status: 202, body: 'Pending' }
  const block = await consensus.block(found.height)
  return {
    status: 200,
    body: {
      block_height: found.height,
      block_indep_hash: block?.id ?? '',
      // The block itself is the first confirmation.
      number_of_confirmations: Math.max(consensus.tip().height - found.height + 1, 1),
    },
  }
}
