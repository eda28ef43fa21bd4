import type { OrderedLog } from '../../journal/index.ts'
import { itemsLog } from '../catalog/location.ts'
import { decodeRecord, type KeptRecord } from './record.ts'

/** The record at a slot of the items log; undefined where there is none. Rejects as the journal does. */
export type ReadRecord = (slot: number) => Promise<KeptRecord | undefined>

type Known = { readonly kept: KeptRecord; readonly bytes: number }

/**
 * Reads records of the items log and remembers those last read, up to a sum of bytes: a page of items
 * out of one bundle reads the bundle once, and so do the pages after it. What is remembered was checked
 * when it was read, and never changes. Readers share the bytes and leave them as they are.
 */
export function createRecordReader(
  journal: Pick<OrderedLog, 'read'>,
  rememberedBytes: number,
): ReadRecord {
  /** Least recently read first. */
  const known = new Map<number, Known>()
  const loading = new Map<number, Promise<KeptRecord | undefined>>()
  let bytes = 0
  const remember = (slot: number, added: Known) => {
    if (added.bytes > rememberedBytes) return
    known.set(slot, added)
    bytes += added.bytes
    for (const [oldest, held] of known) {
      if (bytes <= rememberedBytes) return
      known.delete(oldest)
      bytes -= held.bytes
    }
  }
  const load = async (slot: number) => {
    try {
      const [found] = await journal.read(itemsLog, slot, 1)
      if (found === undefined) return undefined
      const { kept } = decodeRecord(found.bytes)
      remember(slot, { kept, bytes: found.bytes.length })
      return kept
    } finally {
      loading.delete(slot)
    }
  }
  return async (slot) => {
    const held = known.get(slot)
    if (held !== undefined) {
      known.delete(slot)
      known.set(slot, held)
      return held.kept
    }
    const coming = loading.get(slot) ?? load(slot)
    loading.set(slot, coming)
    return coming
  }
}
