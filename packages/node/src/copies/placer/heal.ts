import { isHeddleError } from '@heddle/protocol/base'
import type { CopyStore, StoredData } from '../ports.ts'
import type { Placements } from '../state/placements.ts'
import { type AskParts, fetchChunk } from './ask-keeper.ts'

export type HealParts = {
  readonly asking: AskParts
  readonly placements: Placements
}

/** What the store throws where its own copy is of no use. */
const isLoss = (error: unknown) =>
  isHeddleError(error, 'store-chunk-missing') || isHeddleError(error, 'store-chunk-damaged')

/**
 * The same store, but where a chunk of promised data is damaged or lost it is fetched from a keeper, checked
 * to its root by the store, kept, and read again. What nobody promised fails as before.
 */
export function healingStore(store: CopyStore, parts: HealParts): CopyStore {
  const heal = (data: StoredData, offset: number) => healChunk(store, parts, data, offset)
  return {
    write: (source, options) => store.write(source, options),
    keepChunk: (chunk) => store.keepChunk(chunk),
    hold: (data, holder, retention) => store.hold(data, holder, retention),
    release: (data, holder) => store.release(data, holder),
    read: (data, fromByte, toByte, options) =>
      readHealed(store, heal, data, [fromByte, toByte], options),
    async chunk(data, offset) {
      try {
        const found = await store.chunk(data, offset)
        if (found !== undefined || !(await heal(data, offset))) return found
      } catch (error) {
        if (!isLoss(error) || !(await heal(data, offset))) throw error
      }
      return await store.chunk(data, offset)
    },
    async held(data) {
      const here = await store.held(data)
      // What is lost of promised data is here again as soon as it is read.
      if (here.complete || parts.placements.ofData(data) === undefined) return here
      return { heldBytes: data.sizeBytes, complete: true }
    },
  }
}

async function* readHealed(
  store: CopyStore,
  heal: (data: StoredData, offset: number) => Promise<boolean>,
  data: StoredData,
  [fromByte, toByte]: readonly [number, number],
  options: Parameters<CopyStore['read']>[3],
): AsyncGenerator<Uint8Array> {
  let at = fromByte
  let healedAt = -1
  for (;;) {
    try {
      for await (const part of store.read(data, at, toByte, options)) {
        at += part.length
        yield part
      }
      return
    } catch (error) {
      // The same place twice: what was healed does not stay.
      if (!isLoss(error) || at === healedAt || !(await heal(data, at))) throw error
      healedAt = at
    }
  }
}

/** Brings a chunk back from the first keeper that gives one which leads to the root. */
async function healChunk(
  store: CopyStore,
  { asking, placements }: HealParts,
  data: StoredData,
  offset: number,
): Promise<boolean> {
  const placement = placements.ofData(data)
  if (placement === undefined) return false
  const { dataRoot, sizeBytes: dataSizeBytes } = data
  const holders = placements.holders(placement.id)
  // One that failed may have it after all; those that prove it come first.
  const ordered = (['held', 'failed'] as const).flatMap((wanted) =>
    holders.filter(({ state }) => state === wanted),
  )
  for (const { keeper } of ordered) {
    try {
      const { bytes, path: dataPath } = await fetchChunk(asking, data, keeper, offset)
      await store.keepChunk({ dataRoot, dataSizeBytes, offset, dataPath, bytes })
      const told = { item: placement.id, keeper: keeper.url, offset }
      asking.deps.warn(told, 'a damaged or lost chunk is healed from a keeper')
      return true
    } catch {
      asking.signal.throwIfAborted()
      // The next keeper may do better.
    }
  }
  return false
}
