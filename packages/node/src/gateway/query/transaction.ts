import { encodeBase64Url } from '@heddle/protocol/base'
import { ownerAddress, tagValue } from '@heddle/protocol/item'
import { type Found, pendingHeight, seqPerMs } from '../catalog/location.ts'
import { itemUnknown } from '../errors.ts'
import type { Holding } from '../items/holding.ts'
import { blockNode } from './block-node.ts'
import type { QueryContext } from './context.ts'

/** A `Transaction`. Its bytes are read only if a field asks for them, and once. */
export function transactionNode(found: Found, context: QueryContext) {
  let read: Promise<Holding> | undefined
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
    fee: async () => amountNode((await item()).transaction?.reward),
    quantity: async () => amountNode((await item()).transaction?.quantity),
    data: async () => dataNode(await item()),
    tags: async () => (await item()).tags,
    block: () => blockOf(found, context),
    bundledIn: bundle,
    parent: bundle,
    ingested_at: Math.floor(found.seq / seqPerMs / 1000),
  }
}

/** One AR is 10^12 winston. */
function amountNode(winston = '0') {
  const digits = winston.padStart(13, '0')
  return { winston, ar: `${digits.slice(0, -12)}.${digits.slice(-12)}` }
}

function ownerNode(item: Holding, { engine }: QueryContext) {
  return { address: ownerAddress(item, engine), key: encodeBase64Url(item.owner) }
}

function dataNode(item: Holding) {
  return { size: String(item.data.sizeBytes), type: tagValue(item.tags, 'Content-Type') ?? '' }
}

/** Null while no block holds the item. A height of another node's making has no block here. */
async function blockOf(found: Found, context: QueryContext) {
  if (found.height >= pendingHeight) return null
  const block = await context.block(found.height)
  if (block !== undefined) return blockNode(block)
  const timestamp = Math.floor(found.seq / seqPerMs / 1000)
  return { id: '', height: found.height, previous: '', timestamp }
}
