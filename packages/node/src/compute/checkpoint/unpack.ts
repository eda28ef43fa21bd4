import { encodeBase64Url, equalBytes } from '@heddle/protocol/base'
import { stateRootOf } from '@heddle/protocol/digest'
import { nodeCrypto } from '../../runtime/index.ts'
import { imageInvalid, memoryLimitTooLow } from '../guest/errors.ts'
import { roomFor } from '../guest/image/rooms.ts'
import { unpackBytes } from '../guest/image/unpack-bytes.ts'
import { imagePageBytes, type MemoryImage } from '../guest/ports.ts'
import { differFrom } from './difference.ts'
import {
  baseBytes,
  hostStateBytesMax,
  type PackedCheckpoint,
  type PackedState,
  pageEntryBytes,
  recordsMax,
} from './packed-state.ts'
import { pageKeys } from './page-keys.ts'
import { digestImage, type StartPages } from './start-pages.ts'
import type { RestoredState, StoredTable } from './stored-pages.ts'

const wasmPageBytes = 65_536

/** A state out of the store, with what the next checkpoint needs to know of it. */
export type Unpacked = {
  readonly image: MemoryImage
  readonly stored: StoredTable
  readonly restored: RestoredState
}

/**
 * The state of a checkpoint; `start` as `StoredPages` had it. Nothing it claims is allocated before it is within `memoryBytes`, and
 * nothing is given out unless its pages hash to the state root. Throws `image-invalid`,
 * `memory-limit-too-low`.
 */
export function unpackCheckpoint(
  checkpoint: PackedCheckpoint,
  memoryBytes: number,
  start?: StartPages,
): Unpacked {
  const { parts, stateRoot, at } = checkpoint
  const newest = parts.at(-1)
  if (newest === undefined || parts.length > recordsMax) throw imageInvalid('it has no end')
  const startLength = start?.image.indexes.length ?? 0
  const startCount = parts[0]?.storedPages === startLength ? startLength : 0
  checkShapes(parts, memoryBytes, startCount)
  const contents = parts.map(unpackContent)
  const store = new PageStore(startCount > 0 ? start?.image : undefined)
  parts.forEach((part, i) => {
    store.add(part, contents[i] ?? new Uint8Array(0))
  })
  const content = contents.at(-1) ?? new Uint8Array(0)
  const indexes = readWords(content, 0, newest.pages)
  const places = readWords(content, newest.pages * 4, newest.pages)
  checkRising(indexes, newest.memoryBytes / imagePageBytes)
  const pages = store.gather(places)
  const hostStateAt = newest.pages * pageEntryBytes
  const hostState = content.slice(hostStateAt, hostStateAt + newest.hostStateBytes)
  const { memoryBytes: byteLength } = newest
  const image = { byteLength, indexes, pages, hostState }
  const { digests } = digestImage(image, start)
  const root = stateRootOf({ memoryBytes: byteLength, hostState, indexes, digests }, nodeCrypto)
  if (!equalBytes(root, stateRoot)) {
    throw imageInvalid(`its state root is ${encodeBase64Url(root)}, not the one it names`)
  }
  const keyOf = pageKeys(digests)
  const ownPlaces = new Map<string, number>()
  places.forEach((place, i) => {
    if (place >= startCount) ownPlaces.set(keyOf(i), place)
  })
  const { count } = store
  const stored = { at, records: parts.length, startCount, count, places: ownPlaces }
  return { image, stored, restored: { image, digests, places } }
}

function checkShapes(parts: readonly PackedState[], memoryBytes: number, startCount: number): void {
  let stored = startCount
  for (const part of parts) {
    const { memoryBytes: length, pages, newPages: added, hostStateBytes } = part
    if (length % wasmPageBytes !== 0) throw imageInvalid('its length is not in whole pages')
    if (length > memoryBytes) throw memoryLimitTooLow(length, memoryBytes)
    if (pages > length / imagePageBytes) throw imageInvalid('it has too many pages')
    if (added > pages || part.storedPages !== stored) throw imageInvalid('its pages do not add up')
    if (hostStateBytes > hostStateBytesMax) throw imageInvalid('its host state is too long')
    stored += added
  }
}

function contentBytes(part: PackedState): number {
  const { newPages: added } = part
  return basesAt(part) + (part.hasBases ? added * baseBytes : 0) + added * imagePageBytes
}

function basesAt({ pages, hostStateBytes }: PackedState): number {
  return pages * pageEntryBytes + hostStateBytes
}

function unpackContent(part: PackedState): Uint8Array {
  const length = contentBytes(part)
  let content: Uint8Array
  try {
    content = unpackBytes(part.content, length)
  } catch {
    throw imageInvalid('its content cannot be unpacked')
  }
  if (content.length !== length) throw imageInvalid('its content is of the wrong length')
  return content
}

/** All pages of the records, in order; those that are differences are made when they are wanted. */
class PageStore {
  readonly #pages: Uint8Array[] = []
  readonly #bases: number[] = []

  constructor(start: MemoryImage | undefined) {
    if (start !== undefined) this.#push(start.pages, 0, start.indexes.length, undefined)
  }

  get count(): number {
    return this.#pages.length
  }

  add(part: PackedState, content: Uint8Array): void {
    const { newPages: added, hasBases } = part
    const bases = hasBases ? readWords(content, basesAt(part), added) : undefined
    this.#push(content, content.length - added * imagePageBytes, added, bases)
  }

  /** The pages of these places, one behind the other. */
  gather(places: Uint32Array): Uint8Array {
    const pages = roomFor(places.length * imagePageBytes)
    places.forEach((place, i) => {
      this.#copy(place, pages.subarray(i * imagePageBytes, (i + 1) * imagePageBytes))
    })
    return pages
  }

  #push(bytes: Uint8Array, from: number, count: number, bases: Uint32Array | undefined): void {
    const before = this.#pages.length
    for (let i = 0; i < count; i++) {
      const base = bases?.[i] ?? 0
      // Only pages of records before: so every page is whole after as many steps as there are records.
      if (base > before) throw imageInvalid('it lacks a page')
      const at = from + i * imagePageBytes
      this.#pages.push(bytes.subarray(at, at + imagePageBytes))
      this.#bases.push(base)
    }
  }

  #copy(place: number, into: Uint8Array): void {
    const page = this.#pages[place]
    const base = this.#bases[place] ?? 0
    if (page === undefined) throw imageInvalid('it lacks a page')
    if (base === 0) into.set(page)
    else {
      this.#copy(base - 1, into)
      differFrom(into, page)
    }
  }
}

function readWords(content: Uint8Array, from: number, count: number): Uint32Array {
  const view = new DataView(content.buffer, content.byteOffset + from, count * 4)
  return Uint32Array.from({ length: count }, (_, i) => view.getUint32(i * 4, true))
}

function checkRising(indexes: Uint32Array, end: number): void {
  let previous = -1
  for (const page of indexes) {
    if (page <= previous || page >= end) throw imageInvalid('its page numbers do not rise')
    previous = page
  }
}
