import { findTransactionFault, parseTransaction } from '@heddle/protocol/arweave'
import { decodeText, encodeBase64Url } from '@heddle/protocol/base'
import { parseItem, verifyItem } from '@heddle/protocol/item'
import { keepTransactionCopy } from '../arweave/complete-transaction.ts'
import { dataMissing, requestInvalid, signatureWrong, transactionWrong } from '../errors.ts'
import type { ItemStore } from '../items/store.ts'
import { isTransactionJson } from '../items/transaction-item.ts'
import type { ItemsDeps, StoredData } from '../ports.ts'

/** An item another node asked this one to keep; its data is in the store. */
export type ItemCopy = {
  readonly id: string
  /** All of the item before its data, or the JSON of a transaction without it. */
  readonly header: Uint8Array
  readonly data: StoredData
  /** SHA-384 of the data. */
  readonly sha384: Uint8Array
}

/**
 * Keeps a copy as an item of this node's own, so that whoever asks here for it gets it. No copies of it are
 * placed: that is the business of who was promised to. Throws `item-signature-wrong`,
 * `transaction-wrong`, codes of parsing.
 */
export async function keepCopy(copy: ItemCopy, store: ItemStore, deps: ItemsDeps): Promise<void> {
  if (deps.store === undefined) throw dataMissing(`of ${copy.id}`)
  if (isTransactionJson(copy.header)) return await keepTransaction(copy, store, deps)
  const { id, data, sha384 } = copy
  const header = new Uint8Array(copy.header)
  const item = parseItem(header, deps.engine)
  if (item.id !== id || item.data.length > 0)
    throw requestInvalid(`this is no header of item ${id}.`)
  const signed = { ...item, data: { sizeBytes: data.sizeBytes, sha384 } }
  if (!(await verifyItem(signed, deps.engine))) throw signatureWrong(id)
  await store.keepStored(header, data)
}

async function keepTransaction(
  { id, header, data }: ItemCopy,
  store: ItemStore,
  deps: ItemsDeps,
): Promise<void> {
  const transaction = parseTransaction(parseJson(header))
  const { dataRoot, dataSizeBytes, format } = transaction
  const isSame =
    format === 2 &&
    transaction.id === id &&
    transaction.data.length === 0 &&
    encodeBase64Url(dataRoot) === data.dataRoot &&
    dataSizeBytes === data.sizeBytes
  if (!isSame) throw requestInvalid(`this is not transaction ${id} of that data.`)
  const fault = await findTransactionFault(transaction, deps.engine)
  if (fault !== undefined) throw transactionWrong(id, fault)
  if (deps.store !== undefined) await keepTransactionCopy(transaction, store, deps.store)
}

function parseJson(header: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(header))
  } catch {
    throw requestInvalid('the header is not valid JSON.')
  }
}
