import { type Transaction, transactionTags } from '@heddle/protocol/arweave'
import { encodeBase64Url } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { arweaveType, type Item, parseItem, type Tag } from '@heddle/protocol/item'
import type { DataStore } from '../ports.ts'
import { collect, type Data, memoryData, storedData } from './data.ts'

/** What clients call a transaction: an item, or a transaction of layer 1. */
export type Holding = {
  readonly id: string
  readonly signatureType: number
  readonly signature: Uint8Array
  readonly owner: Uint8Array
  readonly target: Uint8Array
  /** Of a transaction: its `last_tx`. */
  readonly anchor: Uint8Array
  readonly tags: readonly Tag[]
  readonly data: Data
  /** Set for layer 1; its own `data` may be empty where `data` above is in the store. */
  readonly transaction?: Transaction
  /** Set for an item that is in memory as a whole. */
  readonly item?: Item
  /** Set for an item whose data is in the store: all its bytes before that. */
  readonly header?: Uint8Array
}

/** Longest header an item can have, bytes: the largest signature and owner, and full tags. */
export const itemHeaderBytesMax = 2 + 2052 + 1025 + 2 * 33 + 16 + 4096
/** Items up to this size are put together in memory where somebody needs a whole one. */
const wholeItemBytesMax = 256 * 1024 * 1024

export function holdItem(item: Item): Holding {
  return { ...parts(item), data: memoryData(item.data), item }
}

/** An item of which only the header (and perhaps some data) is in memory. */
export function holdItemHeader(
  start: Uint8Array,
  data: (headerBytes: number) => Data,
  engine: CryptoEngine,
): Holding {
  const item = parseItem(start, engine)
  const headerBytes = start.length - item.data.length
  return { ...parts(item), data: data(headerBytes), header: start.subarray(0, headerBytes) }
}

export function holdTransaction(transaction: Transaction, store: DataStore | undefined): Holding {
  const { id, signature, owner, target, lastTx, dataSizeBytes: sizeBytes } = transaction
  const inMemory = transaction.data.length === sizeBytes
  const dataRoot = encodeBase64Url(transaction.dataRoot)
  const data = inMemory ? memoryData(transaction.data) : storedData({ dataRoot, sizeBytes }, store)
  const tags = transactionTags(transaction)
  const signatureType = arweaveType
  return { id, signature, signatureType, owner, target, anchor: lastTx, tags, data, transaction }
}

/** The whole item; undefined where it is larger than memory should hold, or a transaction. */
export async function wholeItem(holding: Holding, engine: CryptoEngine): Promise<Item | undefined> {
  const { item, header, data } = holding
  if (item !== undefined || header === undefined) return item
  if (header.length + data.sizeBytes > wholeItemBytesMax) return undefined
  const bytes = new Uint8Array(header.length + data.sizeBytes)
  bytes.set(header)
  bytes.set(await collect(data, 0, data.sizeBytes), header.length)
  return parseItem(bytes, engine)
}

function parts(item: Item) {
  const { id, signatureType, signature, owner, target, anchor, tags } = item
  return { id, signatureType, signature, owner, target, anchor, tags }
}
