import { constants, zstdCompressSync } from 'node:zlib'
import { concatBytes } from '@heddle/protocol/base'
import { stateRootOf } from '@heddle/protocol/digest'
import { nodeCrypto } from '../../runtime/index.ts'
import { giveRoomBack, roomFor } from '../guest/image/rooms.ts'
import { imagePageBytes, type MemoryImage } from '../guest/ports.ts'
import { differFrom } from './difference.ts'
import { type CheckpointDelta, recordsMax, type StoredAt } from './packed-state.ts'
import { pageKeys } from './page-keys.ts'
import { digestImage, type HashedImage, type StartPages } from './start-pages.ts'

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

/** A state out of the store: by page its digest and its place. */
export type RestoredState = HashedImage & { readonly places: Uint32Array }

const leastPackedBytes = 16_384

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
  /** The records that `stored` was given for are still in the file. */
  #holdsRestored = true

  constructor(stored: StoredTable | undefined, start?: StartPages) {
    this.#stored = stored
    this.#start = start
  }

  /** Pages that are remembered by their digest. */
  get remembered(): number {
    return (this.#stored?.places.size ?? 0) + (this.#pending?.places.size ?? 0)
  }

  /**
   * The state as it goes to the store. `restored`: the state that `stored` came with. Pages that changed since are
   * stored as differences, which take a tenth of the time and of the room: a collector of garbage
   * marks half of all pages, and changes a byte in two hundred of them.
   */
  pack(image: MemoryImage, nextSlot: number, restored?: RestoredState): CheckpointDelta {
    const { digests, startPlaces } = digestImage(image, this.#start, restored)
    const { byteLength: memoryBytes, indexes, hostState } = image
    const stateRoot = stateRootOf({ memoryBytes, hostState, indexes, digests }, nodeCrypto)
    const keyOf = pageKeys(digests)
    const all = [...indexes.keys()]
    // A page that is the start's at its place needs no looking up.
    const own = all.filter((i) => (startPlaces[i] ?? -1) < 0)
    const base = this.#baseFor((this.#stored?.startCount === 0 ? all : own).map(keyOf))
    const startCount = base?.startCount ?? this.#start?.image.indexes.length ?? 0
    const before = base !== undefined && this.#holdsRestored ? restored : undefined
    const added = new AddedPages(base?.count ?? startCount, before)
    const places = new Map(base?.places)
    const inStart = startCount === 0 ? undefined : this.#start?.places
    const table = Uint32Array.from(startPlaces)
    for (const i of inStart === undefined ? all : own) {
      const key = keyOf(i)
      const known = inStart?.get(key) ?? places.get(key)
      const place = known ?? added.add(image, i)
      if (known === undefined) places.set(key, place)
      table[i] = place
    }
    const { storedPages, count: newPages, hasBases } = added
    const records = (base?.records ?? 0) + 1
    this.#pending = { nextSlot, records, startCount, count: storedPages + newPages, places }
    const head = [wordBytes(indexes), wordBytes(table), hostState]
    return {
      nextSlot,
      stateRoot,
      base: base?.at,
      memoryBytes,
      pages: indexes.length,
      storedPages,
      newPages,
      hostStateBytes: hostState.length,
      hasBases,
      content: compress(concatBytes(hasBases ? [...head, wordBytes(added.bases)] : head), added),
    }
  }

  /** The record of `nextSlot` is in the store, and ends there. */
  confirm(nextSlot: number, at: StoredAt): void {
    if (this.#pending?.nextSlot !== nextSlot) return
    if (this.#pending.records === 1) this.#holdsRestored = false
    this.#stored = { ...this.#pending, at }
    this.#pending = undefined
  }

  /**
   * What to build on; undefined where writing all pages anew is the better way. `keys`: of the pages that count as
   * the process's own, and maybe of others that the start holds.
   */
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

/** Pages that a record adds: whole, or as what they differ in from the page that was there before. */
class AddedPages {
  readonly storedPages: number
  /** By page: 0, or one more than the place of what it differs from. */
  readonly bases: number[] = []
  readonly #pages: Uint8Array[] = []
  readonly #others: (Uint8Array | undefined)[] = []
  readonly #restored: RestoredState | undefined
  /** Number in the restored state of the page under way, or of the first behind it. */
  #at = 0

  constructor(storedPages: number, restored: RestoredState | undefined) {
    this.storedPages = storedPages
    this.#restored = restored
  }

  get count(): number {
    return this.bases.length
  }

  get hasBases(): boolean {
    return this.bases.some((base) => base > 0)
  }

  /** Adds the i-th page of an image, after those before it; gives its place. */
  add(image: MemoryImage, i: number): number {
    const page = image.indexes[i] ?? 0
    while ((this.#restored?.image.indexes[this.#at] ?? page) < page) this.#at++
    const from = this.#restored?.image.indexes[this.#at] === page ? this.#restored : undefined
    this.#pages.push(pageOf(image, i))
    this.#others.push(from && pageOf(from.image, this.#at))
    this.bases.push(from === undefined ? 0 : (from.places[this.#at] ?? 0) + 1)
    return this.storedPages + this.count - 1
  }

  /** Writes the pages one behind the other. */
  write(into: Uint8Array, at: number): void {
    const page = new Uint8Array(imagePageBytes)
    this.#pages.forEach((bytes, i) => {
      const other = this.#others[i]
      page.set(bytes)
      if (other !== undefined) differFrom(page, other)
      into.set(page, at + i * imagePageBytes)
    })
  }
}

function pageOf({ pages }: MemoryImage, i: number): Uint8Array {
  return pages.subarray(i * imagePageBytes, (i + 1) * imagePageBytes)
}

function wordBytes(words: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(words.length * 4)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < words.length; i++) view.setUint32(i * 4, words[i] ?? 0, true)
  return bytes
}

function compress(head: Uint8Array, added: AddedPages): Uint8Array {
  const content = roomFor(head.length + added.count * imagePageBytes)
  content.set(head)
  added.write(content, head.length)
  const packed = zstdCompressSync(content, {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
    // One piece of memory where it shrinks as usual.
    chunkSize: leastPackedBytes + Math.ceil(content.length / 4),
  })
  giveRoomBack(content)
  // An array of its own: what it might share with others would cross to the other thread as well.
  return new Uint8Array(packed)
}
