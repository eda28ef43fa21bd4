import { assert } from '@heddle/protocol/base'
import { type Item, ownerAddress, parseItem, verifyItem } from '@heddle/protocol/item'
import { parseRetention } from '@heddle/protocol/params'
import { signatureWrong, uploadNotItem, uploadTooLarge } from '../errors.ts'
import { ByteReader } from '../items/byte-reader.ts'
import { memoryData } from '../items/data.ts'
import { itemHeaderBytesMax } from '../items/holding.ts'
import type { ItemStore } from '../items/store.ts'
import { isTransactionJson } from '../items/transaction-item.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps } from '../ports.ts'
import { admitRetention, checkPlacing, keepPromised } from './admit-retention.ts'

/** What was taken: an item, or the JSON of a layer-1 transaction, which is the caller's to keep. */
export type Upload =
  | { readonly kind: 'item'; readonly id: string; readonly owner: string }
  | { readonly kind: 'transaction'; readonly body: Uint8Array }

export type UploadLimits = Pick<GatewayOptions, 'recordBytes' | 'uploadBytes'>

/** What is uploaded, as it comes. */
export type UploadSource = {
  readonly parts: AsyncIterable<Uint8Array>
  /** Its parts are used by nobody else: their memory is given back as they are done with. */
  readonly isOwned: boolean
  /** How many bytes come, or at least come; 0 where nobody said. */
  readonly sizeBytes: number
}

/** Bytes that go to the store at a time. */
const stepBytes = 256 * 1024

/**
 * Takes one upload as it comes and resolves when it is durable. What fits into a record of the
 * journal is read first; of a larger item only the header is where its size is known, and its data goes
 * to the store while it is hashed. A part of the source is done with when the next is asked for. Throws `upload-not-item`, `upload-too-large`, `item-signature-wrong`, codes of
 * parsing.
 */
export async function takeUpload(
  source: UploadSource,
  store: ItemStore,
  deps: ItemsDeps,
  limits: UploadLimits,
): Promise<Upload> {
  const reader = new ByteReader(source.parts)
  try {
    return await takeFrom(source, reader, store, deps, limits)
  } finally {
    await reader.close()
  }
}

async function takeFrom(
  { sizeBytes, isOwned }: UploadSource,
  reader: ByteReader,
  store: ItemStore,
  deps: ItemsDeps,
  limits: UploadLimits,
): Promise<Upload> {
  const isLarge = sizeBytes > limits.recordBytes
  // Copied: a source may use the memory of its parts again.
  const start = isLarge
    ? new Uint8Array(await reader.take(itemHeaderBytesMax))
    : await reader.take(limits.recordBytes + 1)
  if (start.length === 0) throw uploadNotItem('the body is empty.')
  const whole = !isLarge && start.length <= limits.recordBytes
  if (isTransactionJson(start)) {
    if (!whole) throw uploadTooLarge(limits.recordBytes)
    return { kind: 'transaction', body: start }
  }
  const item = whole
    ? await takeWhole(start, store, deps)
    : await takeLarge(start, reader.rest(isOwned), store, deps, limits)
  return { kind: 'item', id: item.id, owner: ownerAddress(item, deps.engine) }
}

async function takeWhole(bytes: Uint8Array, store: ItemStore, deps: ItemsDeps): Promise<Item> {
  const item = parseItem(bytes, deps.engine)
  const retention = parseRetention(item.tags)
  const placing = admitRetention(retention, deps)
  if (!(await deps.verify(item))) throw signatureWrong(item.id)
  if (placing === undefined) {
    await store.keep(item)
    return item
  }
  await checkPlacing(placing, item.id, retention, item.data.length)
  // Only what is in the store's chunks can be challenged, however small.
  const whole = memoryData(item.data)
  const { dataRoot, sizeBytes } = await placing.store.write(whole.read(0, whole.sizeBytes))
  const data = { dataRoot, sizeBytes }
  const header = bytes.slice(0, bytes.length - item.data.length)
  const promised = { id: item.id, header, data, retention }
  await keepPromised(placing, promised, () => store.keepStored(header, data))
  return item
}

async function takeLarge(
  start: Uint8Array,
  rest: AsyncGenerator<Uint8Array>,
  store: ItemStore,
  deps: ItemsDeps,
  { recordBytes, uploadBytes }: UploadLimits,
): Promise<Item> {
  if (deps.store === undefined) throw uploadTooLarge(recordBytes)
  const item = parseItem(start.subarray(0, itemHeaderBytesMax), deps.engine)
  const headerBytes = Math.min(start.length, itemHeaderBytesMax) - item.data.length
  const retention = parseRetention(item.tags)
  const placing = admitRetention(retention, deps)
  if (placing !== undefined) await checkPlacing(placing, item.id, retention)
  let sizeBytes = 0
  async function* data() {
    for await (const piece of pieces(start.subarray(headerBytes), rest)) {
      sizeBytes += piece.length
      if (headerBytes + sizeBytes > uploadBytes) throw uploadTooLarge(uploadBytes)
      yield piece
    }
  }
  const { sha384, ...stored } = await deps.store.write(data(), { sha384: true })
  assert(sha384 !== undefined, 'the store tells the digest it was asked for')
  const signed = { ...item, data: { sizeBytes, sha384 } }
  // Data of one that does not hold is held by nobody, and collected.
  if (!(await verifyItem(signed, deps.engine))) throw signatureWrong(item.id)
  const header = start.slice(0, headerBytes)
  if (placing === undefined) {
    await deps.store.hold(stored, item.id, retention)
    await store.keepStored(header, stored)
  } else {
    const promised = { id: item.id, header, data: stored, retention }
    await keepPromised(placing, promised, () => store.keepStored(header, stored))
  }
  return item
}

async function* pieces(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < first.length; at += stepBytes) yield first.subarray(at, at + stepBytes)
  yield* rest
}
