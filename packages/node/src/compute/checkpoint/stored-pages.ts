import { constants, zstdCompressSync } from 'node:zlib'
import { concatBytes } from '@heddle/protocol/base'
import { stateRootOf } from '@heddle/protocol/digest'
import { nodeCrypto } from '../../runtime/index.ts'
import { imagePageBytes, type MemoryImage } from '../guest/ports.ts'
import { type CheckpointDelta, recordsMax, type StoredAt } from './packed-state.ts'
import { pageKeys } from './page-keys.ts'
import { digestImage, type StartPages } from './start-pages.ts'

/** What the store is known to hold of a process. */
export type StoredTable = {
  readonly at: StoredAt
  readonly records: number
  /** Pages of the module's start that count as stored before the first record. */
  readonly startCount: number
  /** Pages in all records, and those of the start. */
  readonly count: number
  /** Place of a page by its digest; without those of the start. */
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
  readonly #start: StartPages | undefined
  #stored: StoredTable | undefined
  #pending: (Omit<StoredTable, 'at'> & { readonly nextSlot: number }) | undefined

  constructor(stored: StoredTable | undefined, start?: StartPages) {
    this.#stored = stored
    this.#start = start
  }

  /** Pages that are remembered by their digest. */
  get remembered(): number {
    return (this.#stored?.places.size ?? 0) + (this.#pending?.places.size ?? 0)
  }

  /** The state as it goes to the store. */
  pack(image: MemoryImage, nextSlot: number): CheckpointDelta {
    const digests = digestImage(image, this.#start)
    const { byteLength: memoryBytes, indexes, hostState } = image
    const stateRoot = stateRootOf({ memoryBytes, hostState, indexes, digests }, nodeCrypto)
    const keys = pageKeys(digests)
    const base = this.#baseFor(keys)
    const startCount = base?.startCount ?? this.#start?.image.indexes.length ?? 0
    const storedPages = base?.count ?? startCount
    const startPlaces = startCount === 0 ? undefined : this.#start?.places
    const places = new Map(base?.places)
    const added: Uint8Array[] = []
    const table = new Uint32Array(
      keys.map((key, i) => {
        const known = startPlaces?.get(key) ?? places.get(key)
        if (known !== undefined) return known
        const place = storedPages + added.length
        places.set(key, place)
        added.push(image.pages.subarray(i * imagePageBytes, (i + 1) * imagePageBytes))
        return place
      }),
    )
    const count = storedPages + added.length
    const records = (base?.records ?? 0) + 1
    this.#pending = { nextSlot, records, startCount, count, places }
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
    const inStart = (key: string) => stored.startCount > 0 && this.#start?.places.has(key)
    const own = keys.filter((key) => !inStart(key))
    const missing = new Set(own.filter((key) => !stored.places.has(key)))
    const ownCount = stored.count - stored.startCount
    const isWasteful = ownCount + missing.size > 2 * own.length + wastePages
    return isWasteful ? undefined : stored
  }
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
