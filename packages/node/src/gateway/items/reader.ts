import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, parseItem } from '@heddle/protocol/item'
import type { ItemsDeps } from '../ports.ts'
import { type Location, part } from './location.ts'
import { decodeRecord, itemsLog } from './record.ts'

export type LoadItem = (location: Location) => Promise<Item | undefined>

/**
 * Reads items from the logs they live in. A loader remembers the records it has read, so that a
 * page of items out of one bundle reads the bundle once: make one per request.
 */
export function createLoader({ journal, log }: ItemsDeps, engine: CryptoEngine): LoadItem {
  const records = new Map<number, Promise<Uint8Array | undefined>>()
  const record = (slot: number) => {
    let read = records.get(slot)
    if (read === undefined) {
      read = journal.read(itemsLog, slot, 1).then((found) => found[0]?.bytes)
      records.set(slot, read)
    }
    return read
  }
  return async (location) => {
    if (location.log === itemsLog) {
      const bytes = await record(location.slot)
      if (bytes === undefined) return undefined
      const { item } = decodeRecord(bytes)
      return parseItem(item.subarray(location.offset, location.offset + location.length), engine)
    }
    const [entry] = await log.entries(location.log, location.slot, 1)
    return location.part === part.message ? entry?.message : entry?.assignment.item
  }
}
