import { type Transaction, transactionTags, transactionToJson } from '@heddle/protocol/arweave'
import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { parseRetention } from '@heddle/protocol/params'
import { dataMissing, retentionUnkept } from '../errors.ts'
import { memoryData } from '../items/data.ts'
import { decodeRecord, encodeRecord } from '../items/record.ts'
import type { ItemStore } from '../items/store.ts'
import type { DataStore, ItemsDeps, PromisedItem } from '../ports.ts'
import {
  admitRetention,
  checkPlacing,
  holdWhole,
  keepPromised,
  type Placing,
} from '../upload/admit-retention.ts'
import type { CheckedTransaction } from '../verify/check-transaction.ts'

type Deps = Pick<ItemsDeps, 'copies' | 'store'>

/**
 * Notes, once, that all data of a transaction is here; what asks for copies has them placed before. Whoever
 * posts the last of it is answered after that. Throws what `Copies.keep` throws; posting that part again
 * then tries again.
 */
export async function completeTransaction(id: string, store: ItemStore, deps: Deps): Promise<void> {
  const found = await store.find(id)
  if (found === undefined || (await store.weaveOf(found.location.slot)) !== undefined) return
  const transaction = (await store.load(found.location))?.transaction
  const retention = parseRetention(transaction ? transactionTags(transaction) : [])
  const placing = admitRetention(retention, deps)
  const note = () => store.noteSeeded(found.location.slot)
  if (placing === undefined || transaction === undefined) return await note()
  await placing.copies.keep(promisedTransaction(transaction, retention), note)
}

/**
 * Keeps a transaction that came with its data: in one record, or, where it is here already without its data,
 * the data in the store. Throws the store's errors.
 */
export async function keepWithData(
  checked: CheckedTransaction,
  store: ItemStore,
  deps: Deps,
): Promise<void> {
  const { id, record, retention } = checked
  await store.keepTransaction(checked)
  const held = await store.holding(id)
  if (deps.store === undefined || held === undefined || held.data.bytes !== undefined) return
  const { kept } = decodeRecord(record)
  if (kept.kind !== 'transaction') return
  const { data, dataSizeBytes } = kept.transaction
  const stored = await deps.store.write(memoryData(data).read(0, dataSizeBytes))
  await holdWhole(deps.store, { id, data: stored, retention })
  await completeTransaction(id, store, deps)
}

/**
 * Keeps a transaction that came with its data and asks for copies: its data goes to the store, where it
 * can be challenged. Throws `retention-unkept`, what `Copies.keep` throws.
 */
export async function keepWhole(
  checked: CheckedTransaction,
  placing: Placing,
  store: ItemStore,
): Promise<void> {
  const { kept } = decodeRecord(checked.record)
  if (kept.kind !== 'transaction') throw dataMissing(`of transaction ${checked.id}`)
  const { transaction } = kept
  if (transaction.format === 1) throw retentionUnkept('copies of a transaction of format 1')
  await checkPlacing(placing, checked.id, checked.retention, transaction.dataSizeBytes)
  const whole = memoryData(transaction.data)
  await placing.store.write(whole.read(0, whole.sizeBytes))
  const promised = promisedTransaction(transaction, checked.retention)
  await keepPromised(placing, promised, async () => {
    const bare = { ...transaction, data: new Uint8Array(0) }
    const record = encodeRecord({ kind: 'transaction', transaction: bare }, 0)
    await store.keepTransaction({ id: checked.id, record })
    await noteSeeded(checked.id, store)
  })
}

/** What a keeper asked to be kept: signature and root of the transaction hold. */
export async function keepTransactionCopy(
  transaction: Transaction,
  store: ItemStore,
  data: DataStore,
): Promise<void> {
  const { id, dataSizeBytes } = transaction
  const record = encodeRecord({ kind: 'transaction', transaction }, 0)
  await store.keepTransaction({ id, record })
  const dataRoot = encodeBase64Url(transaction.dataRoot)
  const { complete } = await data.held({ dataRoot, sizeBytes: dataSizeBytes })
  if (complete) await noteSeeded(id, store)
}

async function noteSeeded(id: string, store: ItemStore): Promise<void> {
  const found = await store.find(id)
  if (found === undefined || (await store.weaveOf(found.location.slot)) !== undefined) return
  await store.noteSeeded(found.location.slot)
}

function promisedTransaction(
  transaction: Transaction,
  retention: PromisedItem['retention'],
): PromisedItem {
  const { id, dataSizeBytes: sizeBytes } = transaction
  const header = encodeText(JSON.stringify(transactionToJson(transaction, false)))
  return {
    id,
    header,
    data: { dataRoot: encodeBase64Url(transaction.dataRoot), sizeBytes },
    retention,
  }
}
