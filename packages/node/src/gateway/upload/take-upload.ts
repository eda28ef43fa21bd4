import { assert } from '@heddle/protocol/base'
import { type Item, ownerAddress, parseItem, verifyItem } from '@heddle/protocol/item'
import { parseRetention } from '@heddle/protocol/params'
import { itemsBusy, signatureWrong, uploadNotItem, uploadTooLarge } from '../errors.ts'
import { ByteReader } from '../items/byte-reader.ts'
import { memoryData } from '../items/data.ts'
import { itemHeaderBytesMax } from '../items/holding.ts'
import type { ItemStore } from '../items/store.ts'
import { isTransactionJson } from '../items/transaction-item.ts'
import type { GatewayOptions } from '../options.ts'
import type { ItemsDeps } from '../ports.ts'
import { admitRetention, checkPlacing, holdWhole, keepPromised, letGo } from './admit-retention.ts'
import type { Gathering } from './gathering.ts'

/** What was taken: an item, or the JSON of a layer-1 transaction, which is the caller's to keep. */
export type Upload =
  | { readonly kind: 'item'; readonly id: string; readonly owner: string }
  | { readonly kind: 'transaction'; readonly body: Uint8Array }

export type UploadLimits = Pick<GatewayOptions, 'recordBytes' | 'uploadBytes' | 'gatheredBytes'> & {
  readonly gathering: Gathering
}

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
 * Takes one upload as it comes and resolves when it is durable. What fits into a record of the journal is
 * read first, as long as there is memory for it; of a larger item only the header is, where its size is
 * known, and its data goes to the store while it is hashed. A part of the source is done with when the next
 * is asked for. Throws `upload-not-item`, `upload-too-large`, `item-signature-wrong`, `items-busy`, codes of
 * parsing.
 */
export async function takeUpload(
  source: UploadSource,
  store: ItemStore,
  deps: ItemsDeps,
  limits: UploadLimits,
): Promise<Upload> {
  // Whoever does not give its parts away may use their memory again.
  const reader = new ByteReader(source.parts, !source.isOwned)
  const { recordBytes, gathering } = limits
  const gathersBytes = source.sizeBytes === 0 ? recordBytes : source.sizeBytes
  const isLarge = source.sizeBytes > recordBytes
  const leave = isLarge || deps.store === undefined ? () => {} : gathering.enter(gathersBytes)
  try {
    return await takeFrom(source, reader, isLarge || leave === undefined, store, deps, limits)
  } finally {
    leave?.()
    await reader.close()
  }
}

async function takeFrom(
  { sizeBytes, isOwned }: UploadSource,
  reader: ByteReader,
  isStreamed: boolean,
  store: ItemStore,
  deps: ItemsDeps,
  limits: UploadLimits,
): Promise<Upload> {
  const { recordBytes } = limits
  const firstBytes = isStreamed ? itemHeaderBytesMax : recordBytes
  const first = await reader.take(firstBytes + 1)
  // Copied where more follows: its memory is given back with the part it lies in.
  const start = isStreamed ? new Uint8Array(first) : first
  if (start.length === 0) throw uploadNotItem('the body is empty.')
  const whole = start.length <= firstBytes
  if (isTransactionJson(start)) {
    if (sizeBytes > recordBytes || (!whole && !isStreamed)) throw uploadTooLarge(recordBytes)
    if (!whole) throw itemsBusy(limits.gatheredBytes)
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
  const header = new Uint8Array(bytes.subarray(0, bytes.length - item.data.length))
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
  if (!(await verifyItem(signed, deps.engine))) {
    await letGo(deps.store, stored)
    throw signatureWrong(item.id)
  }
  const header = new Uint8Array(start.subarray(0, headerBytes))
  if (placing === undefined) {
    await holdWhole(deps.store, { id: item.id, data: stored, retention })
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
