import {
  parseTransaction,
  type Transaction,
  type TransactionJson,
  transactionToJson,
} from '@heddle/protocol/arweave'
import { decodeText, encodeText, HeddleError } from '@heddle/protocol/base'
import { itemsLog } from '../catalog/location.ts'
import type { StoredData } from '../ports.ts'

/**
 * What one record of the items log holds: an item as signed; a layer-1 transaction with its data if
 * that came with it; the header of an item whose data is in the store; the news that the data of
 * the transaction at `slot` is all there.
 */
export type KeptRecord =
  | { readonly kind: 'item'; readonly bytes: Uint8Array }
  | { readonly kind: 'transaction'; readonly transaction: Transaction }
  | { readonly kind: 'stored-item'; readonly header: Uint8Array; readonly data: StoredData }
  | { readonly kind: 'seeded'; readonly slot: number }

const kinds = ['item', 'transaction', 'stored-item', 'seeded'] as const
const version = 2
const headerBytes = 8
const lengthBytes = 4

/**
 * u8 version, u8 kind, u48le time of arrival (ms), then the kind's own: an item is just its bytes;
 * the others are a u32le length, that much JSON, and bytes (data, or the item's header). Version 1
 * had items alone, and seven bytes of time.
 */
export function encodeRecord(kept: KeptRecord, arrivedMs: number): Uint8Array<ArrayBuffer> {
  const [json, bytes] = partsOf(kept)
  const text = json === undefined ? undefined : encodeText(JSON.stringify(json))
  const before = headerBytes + (text === undefined ? 0 : lengthBytes + text.length)
  const record = new Uint8Array(before + bytes.length)
  record[0] = version
  record[1] = kinds.indexOf(kept.kind)
  writeNumber(record, 2, headerBytes, arrivedMs)
  if (text !== undefined) {
    writeNumber(record, headerBytes, headerBytes + lengthBytes, text.length)
    record.set(text, headerBytes + lengthBytes)
  }
  record.set(bytes, before)
  return record
}

/** Writes the time of arrival into a record that was made before it was known. */
export function stampRecord(record: Uint8Array, arrivedMs: number): void {
  writeNumber(record, 2, headerBytes, arrivedMs)
}

function partsOf(kept: KeptRecord): [json: unknown, bytes: Uint8Array] {
  switch (kept.kind) {
    case 'item':
      return [undefined, kept.bytes]
    case 'transaction':
      return [headOf(kept.transaction), kept.transaction.data]
    case 'stored-item':
      return [kept.data, kept.header]
    case 'seeded':
      return [{ slot: kept.slot }, new Uint8Array(0)]
  }
}

/** Format 1 has no data without its bytes; its size is theirs. */
function headOf(transaction: Transaction): TransactionJson {
  const json = transactionToJson(transaction, false)
  return transaction.format === 1 ? { ...json, data_size: '0' } : json
}

/**
 * Views into a record. Throws `items-record` (internal) on one this version cannot have written.
 */
export function decodeRecord(record: Uint8Array): { kept: KeptRecord; arrivedMs: number } {
  if (record.length < headerBytes || (record[0] !== 1 && record[0] !== version)) {
    const text = `a record of log ${itemsLog} has version ${record[0]}: run what wrote it`
    throw new HeddleError('items-record', 'internal', text)
  }
  const rest = record.subarray(headerBytes)
  if (record[0] === 1) {
    const arrivedMs = readNumber(record, 1, headerBytes)
    return { kept: { kind: 'item', bytes: rest }, arrivedMs }
  }
  return { kept: decodeKind(record[1] ?? 0, rest), arrivedMs: readNumber(record, 2, headerBytes) }
}

function decodeKind(number: number, rest: Uint8Array): KeptRecord {
  const kind = kinds[number]
  if (kind === 'item') return { kind, bytes: rest }
  const end = lengthBytes + readNumber(rest, 0, lengthBytes)
  const json = JSON.parse(decodeText(rest.subarray(lengthBytes, end)))
  const bytes = rest.subarray(end)
  if (kind === 'transaction') {
    const head = parseTransaction(json)
    const dataSizeBytes = head.format === 1 ? bytes.length : head.dataSizeBytes
    return { kind, transaction: { ...head, dataSizeBytes, data: bytes } }
  }
  if (kind === 'stored-item') return { kind, header: bytes, data: json }
  if (kind === 'seeded') return { kind, slot: json.slot }
  const text = `a record of log ${itemsLog} has kind ${number}: run what wrote it`
  throw new HeddleError('items-record', 'internal', text)
}

function writeNumber(bytes: Uint8Array, from: number, to: number, value: number): void {
  let rest = value
  for (let at = from; at < to; at++) {
    bytes[at] = rest % 256
    rest = Math.floor(rest / 256)
  }
}

function readNumber(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  for (let at = to - 1; at >= from; at--) value = value * 256 + (bytes[at] ?? 0)
  return value
}
