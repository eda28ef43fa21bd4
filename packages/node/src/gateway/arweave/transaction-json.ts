import { type TransactionJson, transactionToJson } from '@heddle/protocol/arweave'
import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { Holding } from '../items/holding.ts'

/** Data up to this many bytes is part of `/tx/:id`, as nodes do it; more is read at `/:id`. */
const inlineBytes = 12 * 1024 * 1024

/**
 * A holding in the shape of a layer-1 transaction: keys, tags and data in base64url. What an item
 * does not have (fee, data root) is empty.
 */
export function holdingJson(holding: Holding): TransactionJson & { readonly data_tree: [] } {
  const { data } = holding
  const inline = data.bytes !== undefined && data.sizeBytes <= inlineBytes ? data.bytes : undefined
  return {
    ...headerJson(holding),
    data: inline === undefined ? '' : encodeBase64Url(inline),
    data_tree: [],
  }
}

/** The same without the data: all that does not depend on how it is held. */
export function headerJson(holding: Holding): TransactionJson {
  const { transaction, data } = holding
  const known = transaction ? transactionToJson(transaction, false) : itemJson(holding)
  return { ...known, data: '', data_size: String(data.sizeBytes) }
}

function itemJson({ id, anchor, owner, tags, target, data, signature }: Holding): TransactionJson {
  const text = (value: string) => encodeBase64Url(encodeText(value))
  return {
    format: 2,
    id,
    last_tx: encodeBase64Url(anchor),
    owner: encodeBase64Url(owner),
    tags: tags.map(({ name, value }) => ({ name: text(name), value: text(value) })),
    target: encodeBase64Url(target),
    quantity: '0',
    data: '',
    data_size: String(data.sizeBytes),
    data_root: '',
    reward: '0',
    signature: encodeBase64Url(signature),
  }
}
