import {
  parseTransaction,
  type Transaction,
  transactionLimits,
  transactionTags,
  transactionToJson,
} from '@heddle/protocol/arweave'
import { decodeText, encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { arweaveType, type Item } from '@heddle/protocol/item'
import type { DataStore } from '../ports.ts'
import { collect } from './data.ts'
import type { Holding } from './holding.ts'

const openingBrace = 0x7b

/** Tells the JSON of a transaction from an item: no signature type has a low byte of `{`. */
export function isTransactionJson(bytes: Uint8Array): boolean {
  return bytes[0] === openingBrace
}

/**
 * A layer-1 transaction as processes and their modules see items: `bytes` is its JSON with the data,
 * which is what its signature can be checked from.
 */
function transactionItem(transaction: Transaction): Item {
  const { id, signature, owner, target, lastTx: anchor, data } = transaction
  const bytes = encodeText(JSON.stringify(transactionToJson(transaction)))
  const tags = transactionTags(transaction)
  const rawTags = new Uint8Array(0)
  const signatureType = arweaveType
  return { bytes, id, signatureType, signature, owner, target, anchor, rawTags, tags, data }
}

/** The same from its JSON. Throws `transaction-invalid`; the signature is the caller's business. */
export function parseTransactionItem(bytes: Uint8Array): Item {
  return transactionItem(parseTransaction(JSON.parse(decodeText(bytes))))
}

/**
 * A held transaction as an item; undefined where not all of its data is here, or where that is more
 * than a transaction can carry along.
 */
export async function heldTransactionItem(
  { data }: Holding,
  transaction: Transaction,
  store: Pick<DataStore, 'held'> | undefined,
): Promise<Item | undefined> {
  const { sizeBytes } = data
  if (sizeBytes > transactionLimits.inlineBytes) return undefined
  if (data.bytes === undefined) {
    const dataRoot = encodeBase64Url(transaction.dataRoot)
    const held = await store?.held({ dataRoot, sizeBytes })
    if (held?.complete !== true) return undefined
  }
  const bytes = await collect(data, 0, sizeBytes)
  return transactionItem({ ...transaction, data: bytes })
}
