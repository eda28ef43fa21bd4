import { findTransactionFault, parseTransaction, transactionTags } from '@heddle/protocol/arweave'
import { encodeBase64Url } from '@heddle/protocol/base'
import { parseRetention } from '@heddle/protocol/params'
import type { RouteReply } from '../../network/index.ts'
import { dataMissing, rewardTooLow, transactionWrong } from '../errors.ts'
import type { ItemStore } from '../items/store.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps } from '../ports.ts'
import { priceOf } from './price.ts'

/**
 * Keeps a layer-1 transaction, with its data where that came along; else the data follows in chunks
 * (`/chunk`). Id, signature and root are checked. Throws `transaction-invalid`,
 * `transaction-wrong`, `reward-too-low`, `retention-invalid`.
 */
export async function postTransaction(
  json: unknown,
  store: ItemStore,
  deps: ItemsDeps,
  { winstonPerMebibyte }: Pick<GatewayOptions, 'winstonPerMebibyte'>,
): Promise<RouteReply> {
  const transaction = parseTransaction(json)
  const { id, dataSizeBytes: sizeBytes, reward } = transaction
  const price = priceOf(sizeBytes, winstonPerMebibyte)
  if (BigInt(reward) < price) throw rewardTooLow(reward, price)
  const fault = await findTransactionFault(transaction, deps.engine)
  if (fault !== undefined) throw transactionWrong(id, fault)
  const retention = parseRetention(transactionTags(transaction))
  if (transaction.data.length === sizeBytes) {
    await store.keepTransaction(transaction)
    return accepted
  }
  if (deps.store === undefined) throw dataMissing(`of transaction ${id} beyond its own record`)
  const data = { dataRoot: encodeBase64Url(transaction.dataRoot), sizeBytes }
  await deps.store.hold(data, id, retention)
  await store.keepTransaction(transaction)
  if ((await deps.store.held(data)).complete) await noteComplete(id, store)
  return accepted
}

const accepted: RouteReply = { status: 200, body: 'OK' }

/** Notes, once, that all data of a transaction is here. */
export async function noteComplete(id: string, store: ItemStore): Promise<void> {
  const found = await store.find(id)
  if (found === undefined || (await store.weaveOf(found.location.slot)) !== undefined) return
  await store.noteSeeded(found.location.slot)
}
