import { parseItem } from '@heddle/protocol/item'
import { itemsLog, type Location, part } from '../catalog/location.ts'
import type { ItemsDeps } from '../ports.ts'
import { collect, type Data, sliceData, storedData } from './data.ts'
import {
  type Holding,
  holdItem,
  holdItemHeader,
  holdTransaction,
  itemHeaderBytesMax,
} from './holding.ts'
import type { KeptRecord } from './record.ts'
import type { ReadRecord } from './record-reader.ts'

export type LoadHolding = (location: Location) => Promise<Holding | undefined>

/** An item in the store up to this size is read as a whole at once. */
const wholeBytes = 256 * 1024

/** Reads holdings from the logs they live in. */
export function createLoader(deps: ItemsDeps, readRecord: ReadRecord): LoadHolding {
  const { log } = deps
  return async ({ log: name, slot, part: which, offset, length }) => {
    if (name !== itemsLog) {
      const [entry] = await log.entries(name, slot, 1)
      const item = which === part.message ? entry?.message : entry?.assignment.item
      return item && holdItem(item)
    }
    const kept = await readRecord(slot)
    if (kept === undefined) return undefined
    if (which === part.inData) {
      const outer = holdRecord(kept, deps)
      return outer && itemWithin(sliceData(outer.data, offset, length), deps)
    }
    return holdRecord(kept, deps, offset, length)
  }
}

/** What a record itself holds, or the item its bytes hold at `offset`. */
export function holdRecord(
  kept: KeptRecord,
  { engine, store }: Pick<ItemsDeps, 'engine' | 'store'>,
  offset = 0,
  length = Number.POSITIVE_INFINITY,
): Holding | undefined {
  switch (kept.kind) {
    case 'item':
      return holdItem(parseItem(kept.bytes.subarray(offset, offset + length), engine))
    case 'transaction':
      return holdTransaction(kept.transaction, store)
    case 'stored-item':
      return holdItemHeader(kept.header, () => storedData(kept.data, store), engine)
    case 'seeded':
      return undefined
  }
}

async function itemWithin(data: Data, { engine }: ItemsDeps): Promise<Holding> {
  const { sizeBytes } = data
  if (data.bytes !== undefined || sizeBytes <= wholeBytes) {
    return holdItem(parseItem(await collect(data, 0, sizeBytes), engine))
  }
  const start = await collect(data, 0, Math.min(sizeBytes, itemHeaderBytesMax))
  return holdItemHeader(
    start,
    (headerBytes) => sliceData(data, headerBytes, sizeBytes - headerBytes),
    engine,
  )
}
