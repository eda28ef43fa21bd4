import { type TransactionJson, verifyTransaction } from '@heddle/protocol/arweave'
import { encodeBase64Url } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import { headerJson } from './arweave/transaction-json.ts'
import type { Holding } from './items/holding.ts'
import type { ItemStore } from './items/store.ts'
import type { ItemsDeps } from './ports.ts'

/** An item or a transaction whose data is here as a whole. */
export type HeldContent = {
  /** In the shape of a layer-1 transaction, without its data. */
  readonly header: TransactionJson
  readonly sizeBytes: number
  /** Set where the whole signed item is in memory. */
  readonly item: Item | undefined
  /** Bytes `fromByte` to, without, `toByte`; chunks in the store are checked as they are read. */
  read(fromByte: number, toByte: number): AsyncIterable<Uint8Array>
}

/** What is held under an id; undefined where it is not here as a whole, or its signature is wrong. */
export async function heldContent(
  id: string,
  store: ItemStore,
  deps: ItemsDeps,
): Promise<HeldContent | undefined> {
  const holding = await store.holding(id)
  if (holding === undefined || !(await isWhole(holding, deps))) return undefined
  const { transaction, data, item } = holding
  if (transaction !== undefined && !(await verifyTransaction(transaction, deps.engine)))
    return undefined
  return {
    header: headerJson(holding),
    sizeBytes: data.sizeBytes,
    item,
    read: (fromByte, toByte) => data.read(fromByte, toByte),
  }
}

async function isWhole({ transaction, data }: Holding, { store }: ItemsDeps): Promise<boolean> {
  if (transaction === undefined || data.bytes !== undefined) return true
  const dataRoot = encodeBase64Url(transaction.dataRoot)
  const held = await store?.held({ dataRoot, sizeBytes: data.sizeBytes })
  return held?.complete === true
}
