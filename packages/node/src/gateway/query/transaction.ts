import { encodeBase64Url } from '@heddle/protocol/base'
import { type Item, ownerAddress, tagValue } from '@heddle/protocol/item'
import { itemUnknown } from '../errors.ts'
import { type Found, pendingHeight, seqPerMs } from '../items/location.ts'
import { blockNode } from './block-node.ts'
import type { QueryContext } from './context.ts'

const nothing = { winston: '0', ar: '0.000000000000' }

/** A `Transaction`. Its bytes are read only if a field asks for them, and once. */
export function transactionNode(found: Found, context: QueryContext) {
  let read: Promise<Item> | undefined
  const item = () => {
    read ??= context.load(found.location).then((loaded) => {
      if (loaded === undefined) throw itemUnknown(encodeBase64Url(found.id))
      return loaded
    })
    return read
  }
  const bundle = found.parent === undefined ? null : { id: encodeBase64Url(found.parent) }
  return {
    id: encodeBase64Url(found.id),
    anchor: async () => encodeBase64Url((await item()).anchor),
    signature: async () => encodeBase64Url((await item()).signature),
    signatureType: async () => (await item()).signatureType,
    recipient: async () => encodeBase64Url((await item()).target),
    owner: async () => ownerNode(await item(), context),
    fee: nothing,
    quantity: nothing,
    data: async () => dataNode(await item()),
    tags: async () => (await item()).tags,
    block: () => blockOf(found, context),
    bundledIn: bundle,
    parent: bundle,
    ingested_at: Math.floor(found.seq / seqPerMs / 1000),
  }
}

function ownerNode(item: Item, { engine }: QueryContext) {
  return { address: ownerAddress(item, engine), key: encodeBase64Url(item.owner) }
}

function dataNode(item: Item) {
  return { size: String(item.data.length), type: tagValue(item.tags, 'Content-Type') ?? '' }
}

/** Null while no block holds the item. A height of another node's making has no block here. */
async function blockOf(found: Found, context: QueryContext) {
  if (found.height >= pendingHeight) return null
  const block = await context.block(found.height)
  if (block !== undefined) return blockNode(block)
  const timestamp = Math.floor(found.seq / seqPerMs / 1000)
  return { id: '', height: found.height, previous: '', timestamp }
}
