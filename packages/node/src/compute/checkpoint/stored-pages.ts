import { constants, zstdCompressSync } from 'node:zlib'
import { concatBytes } from '@heddle/protocol/base'
import { digestBytes, digestPages, stateRootOf } from '@heddle/protocol/digest'
import { nodeCrypto } from '../../runtime/index.ts'
import { imagePageBytes, type MemoryImage } from '../guest/ports.ts'
import { type CheckpointDelta, recordsMax, type StoredAt } from './packed-state.ts'

/** What the store is known to hold of a process. */
export type StoredTable = {
  readonly at: StoredAt
  readonly records: number
  /** Pages in all records. */
  readonly count: number
  /** Place of a page by its digest. */
  readonly places: ReadonlyMap<string, number>
}

/** Pages that are stored and no longer used may be as many as these and those in use. */
const wastePages = 64

/**
 * Knows which pages of a process are in the store, by digest, so that a checkpoint carries only the
 * others. Only what the store confirmed counts: a record that was not written costs nothing but
 * size.
 */
export class StoredPages {
  #stored: StoredTable | undefined
  #pending: (Omit<StoredTable, 'at'> & { readonly nextSlot: number }) | undefined

  constructor(stored: StoredTable | undefined) {
    this.#stored = stored
  }

  /** The state as it goes to the store. */
  pack(image: MemoryImage, nextSlot: number): CheckpointDelta {
    const digests = digestPages(image.pages, nodeCrypto)
    const { byteLength: memoryBytes, indexes, hostState } = image
    const stateRoot = stateRootOf({ memoryBytes, hostState, indexes, digests }, nodeCrypto)
    const keys = pageKeys(digests)
    const base = this.#baseFor(keys)
    const storedPages = base?.count ?? 0
    const places = new Map(base?.places)
    const added: Uint8Array[] = []
    const table = new Uint32Array(
      keys.map((key, i) => {
        const known = places.get(key)
        if (known !== undefined) return known
        const place = storedPages + added.length
        places.set(key, place)
        added.push(image.pages.subarray(i * imagePageBytes, (i + 1) * imagePageBytes))
        return place
      }),
    )
    const count = storedPages + added.length
    this.#pending = { nextSlot, records: (base?.records ?? 0) + 1, count, places }
    return {
      nextSlot,
      stateRoot,
      base: base?.at,
      memoryBytes,
      pages: indexes.length,
      storedPages,
      newPages: added.length,
      hostStateBytes: hostState.length,
      content: compress([wordBytes(indexes), wordBytes(table), hostState, ...added]),
    }
  }

  /** The record of `nextSlot` is in the store, and ends there. */
  confirm(nextSlot: number, at: StoredAt): void {
    if (this.#pending?.nextSlot !== nextSlot) return
    this.#stored = { ...this.#pending, at }
    this.#pending = undefined
  }

  /** What to build on; undefined where writing all pages anew is the better way. */
  #baseFor(keys: readonly string[]): StoredTable | undefined {
    const stored = this.#stored
    if (stored === undefined || stored.records >= recordsMax) return undefined
    const missing = new Set(keys.filter((key) => !stored.places.has(key)))
    const isWasteful = stored.count + missing.size > 2 * keys.length + wastePages
    return isWasteful ? undefined : stored
  }
}

/** Digests as keys of a map. */
export function pageKeys(digests: Uint8Array): string[] {
  const text = Buffer.from(digests.buffer, digests.byteOffset, digests.length).toString('latin1')
  const keys: string[] = []
  for (let at = 0; at < text.length; at += digestBytes) keys.push(text.slice(at, at + digestBytes))
  return keys
}

function wordBytes(words: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(words.length * 4)
  const view = new DataView(bytes.buffer)
  words.forEach((word, i) => {
    view.setUint32(i * 4, word, true)
  })
  return bytes
}

function compress(parts: readonly Uint8Array[]): Uint8Array {
  const packed = zstdCompressSync(concatBytes(parts), {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  })
  // An array of its own: what it might share with others would cross to the other thread as well.
  return new Uint8Array(packed)
}
