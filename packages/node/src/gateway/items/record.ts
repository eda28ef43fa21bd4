import { HeddleError } from '@heddle/protocol/base'

/** Log of the journal that holds kept items. */
export const itemsLog = 'items'

const version = 1
const headerBytes = 8

/** A record of the items log: u8 version, u56le time of arrival (ms), then the item as signed. */
export function encodeRecord(item: Uint8Array, arrivedMs: number): Uint8Array {
  const record = new Uint8Array(headerBytes + item.length)
  record[0] = version
  let rest = arrivedMs
  for (let at = 1; at < headerBytes; at++) {
    record[at] = rest % 256
    rest = Math.floor(rest / 256)
  }
  record.set(item, headerBytes)
  return record
}

/**
 * Views into a record. Throws `items-record` (internal) on one this version cannot have written.
 */
export function decodeRecord(record: Uint8Array): { item: Uint8Array; arrivedMs: number } {
  if (record.length < headerBytes || record[0] !== version) {
    const text = `a record of log ${itemsLog} has version ${record[0]}: run what wrote it`
    throw new HeddleError('items-record', 'internal', text)
  }
  let arrivedMs = 0
  for (let at = headerBytes - 1; at > 0; at--) arrivedMs = arrivedMs * 256 + (record[at] ?? 0)
  return { item: record.subarray(headerBytes), arrivedMs }
}
