import { encodeBase64Url } from '@heddle/protocol/base'
import { ownerAddress, tagValue } from '@heddle/protocol/item'
import { type Found, pendingHeight, seqPerMs } from '../catalog/location.ts'
import { blockNode } from './block-node.ts'
import type { QueryContext } from './context.ts'
import type { Description } from './describe.ts'

/** A `Transaction`. Its bytes are read only if a field asks for them, and once. */
export function transactionNode(found: Found, context: QueryContext) {
  let read: Promise<Description> | undefined
  const item = () => {
    read ??= context.describe(found)
    return read
  }
  /** The only long text that has to be waited for, and so is not counted as any other field. */
  const signature = async () => {
    const text = encodeBase64Url((await item()).signature)
    context.spend(text)
    return text
  }
  const bundle = found.parent === undefined ? null : { id: encodeBase64Url(found.parent) }
  return {
    id: encodeBase64Url(found.id),
    anchor: async () => encodeBase64Url((await item()).anchor),
    signature,
    signatureType: async () => (await item()).signatureType,
    recipient: async () => encodeBase64Url((await item()).target),
    owner: async () => ownerNode(await item(), context),
    fee: async () => amountNode((await item()).reward),
    quantity: async () => amountNode((await item()).quantity),
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

function ownerNode(item: Description, { engine }: QueryContext) {
  const address = item.owner.length === 0 ? '' : ownerAddress(item, engine)
  return { address, key: encodeBase64Url(item.owner) }
}

function dataNode({ dataBytes, tags }: Description) {
  return { size: String(dataBytes), type: tagValue(tags, 'Content-Type') ?? '' }
}

/** Null while no block holds the item. A height of another node's making has no block here. */
async function blockOf(found: Found, context: QueryContext) {
  if (found.height >= pendingHeight) return null
  const block = await context.block(found.height)
  if (block !== undefined) return blockNode(block)
  const timestamp = Math.floor(found.seq / seqPerMs / 1000)
  return { id: '', height: found.height, previous: '', timestamp }
}
