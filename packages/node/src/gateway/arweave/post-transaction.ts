import type { RouteReply } from '../../network/index.ts'
import { dataMissing, rewardTooLow } from '../errors.ts'
import type { ItemStore } from '../items/store.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps } from '../ports.ts'
import { admitRetention, checkPlacing } from '../upload/admit-retention.ts'
import type { CheckedTransaction } from '../verify/check-transaction.ts'
import { completeTransaction, keepWhole, keepWithData } from './complete-transaction.ts'
import { priceOf } from './price.ts'

export type PostDeps = Pick<ItemsDeps, 'store' | 'copies'> & {
  /** Reads and checks a transaction's JSON. The caller keeps the event loop free. */
  checkTransaction(body: Uint8Array): Promise<CheckedTransaction>
}

/**
 * Keeps a layer-1 transaction, with its data where that came along; else the data follows in chunks
 * (`/chunk`). Id, signature and root are checked. Throws `transaction-invalid`,
 * `transaction-wrong`, `reward-too-low`, `retention-invalid`, `retention-unkept`, what `Copies` throws.
 */
export async function postTransaction(
  body: Uint8Array,
  store: ItemStore,
  deps: PostDeps,
  { winstonPerMebibyte }: Pick<GatewayOptions, 'winstonPerMebibyte'>,
): Promise<RouteReply> {
  const transaction = await deps.checkTransaction(body)
  const { id, dataRoot, dataSizeBytes: sizeBytes, reward, retention } = transaction
  const price = priceOf(sizeBytes, winstonPerMebibyte, retention.copies)
  if (BigInt(reward) < price) throw rewardTooLow(reward, price, retention.copies)
  const placing = admitRetention(retention, deps)
  if (transaction.isWhole) {
    if (placing === undefined) await keepWithData(transaction, store, deps)
    else await keepWhole(transaction, placing, store)
    return accepted
  }
  if (deps.store === undefined) throw dataMissing(`of transaction ${id} beyond its own record`)
  // Its data is still to come: with the last of it copies are placed.
  if (placing !== undefined) await checkPlacing(placing, id, retention, sizeBytes)
  const data = { dataRoot, sizeBytes }
  await deps.store.hold(data, id, retention)
  await store.keepTransaction(transaction)
  if ((await deps.store.held(data)).complete) await completeTransaction(id, store, deps)
  return accepted
}

const accepted: RouteReply = { status: 200, body: 'OK' }
