import type { RouteReply } from '../../network/index.ts'
import { dataMissing, rewardTooLow } from '../errors.ts'
import type { ItemStore } from '../items/store.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps } from '../ports.ts'
import type { CheckedTransaction } from '../verify/check-transaction.ts'
import { priceOf } from './price.ts'

export type PostDeps = Pick<ItemsDeps, 'store'> & {
  /** Reads and checks a transaction's JSON. The caller keeps the event loop free. */
  checkTransaction(body: Uint8Array): Promise<CheckedTransaction>
}

/**
 * Keeps a layer-1 transaction, with its data where that came along; else the data follows in chunks
 * (`/chunk`). Id, signature and root are checked. Throws `transaction-invalid`,
 * `transaction-wrong`, `reward-too-low`, `retention-invalid`.
 */
export async function postTransaction(
  body: Uint8Array,
  store: ItemStore,
  deps: PostDeps,
  { winstonPerMebibyte }: Pick<GatewayOptions, 'winstonPerMebibyte'>,
): Promise<RouteReply> {
  const transaction = await deps.checkTransaction(body)
  const { id, dataRoot, dataSizeBytes: sizeBytes, reward, retention } = transaction
  const price = priceOf(sizeBytes, winstonPerMebibyte)
  if (BigInt(reward) < price) throw rewardTooLow(reward, price)
  if (transaction.isWhole) {
    await store.keepTransaction(transaction)
    return accepted
  }
  if (deps.store === undefined) throw dataMissing(`of transaction ${id} beyond its own record`)
  const data = { dataRoot, sizeBytes }
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
