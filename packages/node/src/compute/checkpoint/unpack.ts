import { encodeBase64Url, equalBytes } from '@heddle/protocol/base'
import { stateRootOf } from '@heddle/protocol/digest'
import { nodeCrypto } from '../../runtime/index.ts'
import { imageInvalid, memoryLimitTooLow } from '../guest/errors.ts'
import { unpackBytes } from '../guest/image/unpack-bytes.ts'
import { imagePageBytes, type MemoryImage } from '../guest/ports.ts'
import {
  hostStateBytesMax,
  type PackedCheckpoint,
  type PackedState,
  pageEntryBytes,
  recordsMax,
} from './packed-state.ts'
import { pageKeys } from './page-keys.ts'
import { digestImage, type StartPages } from './start-pages.ts'
import type { StoredTable } from './stored-pages.ts'

const wasmPageBytes = 65_536

/** A state out of the store, with what the next checkpoint needs to know of it. */
export type Unpacked = { readonly image: MemoryImage; readonly stored: StoredTable }

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
  const own = parts.flatMap((part, i) => newPages(part, contents[i] ?? new Uint8Array(0)))
  const pagesOf = startCount > 0 && start ? [...pagesOfImage(start.image), ...own] : own
  const content = contents.at(-1) ?? new Uint8Array(0)
  const indexes = readWords(content, 0, newest.pages)
  const places = readWords(content, newest.pages * 4, newest.pages)
  checkRising(indexes, newest.memoryBytes / imagePageBytes)
  const pages = gather(places, pagesOf)
  const hostStateAt = newest.pages * pageEntryBytes
  const hostState = content.slice(hostStateAt, hostStateAt + newest.hostStateBytes)
  const { memoryBytes: byteLength } = newest
  const image = { byteLength, indexes, pages, hostState }
  const digests = digestImage(image, start)
  const root = stateRootOf({ memoryBytes: byteLength, hostState, indexes, digests }, nodeCrypto)
  if (!equalBytes(root, stateRoot)) {
    throw imageInvalid(`its state root is ${encodeBase64Url(root)}, not the one it names`)
  }
  const keys = pageKeys(digests).map((key, i) => [key, places[i] ?? 0] as const)
  const ownKeys = new Map(keys.filter(([, place]) => place >= startCount))
  const count = pagesOf.length
  const stored = { at, records: parts.length, startCount, count, places: ownKeys }
  return { image, stored }
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

function contentBytes({ pages, newPages: added, hostStateBytes }: PackedState): number {
  return pages * pageEntryBytes + hostStateBytes + added * imagePageBytes
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

function newPages(part: PackedState, content: Uint8Array): Uint8Array[] {
  const from = contentBytes(part) - part.newPages * imagePageBytes
  return Array.from({ length: part.newPages }, (_, i) =>
    content.subarray(from + i * imagePageBytes, from + (i + 1) * imagePageBytes),
  )
}

function pagesOfImage({ pages, indexes }: MemoryImage): Uint8Array[] {
  return Array.from({ length: indexes.length }, (_, i) =>
    pages.subarray(i * imagePageBytes, (i + 1) * imagePageBytes),
  )
}

function gather(places: Uint32Array, stored: readonly Uint8Array[]): Uint8Array {
  const pages = new Uint8Array(places.length * imagePageBytes)
  places.forEach((place, i) => {
    const page = stored[place]
    if (page === undefined) throw imageInvalid('it lacks a page')
    pages.set(page, i * imagePageBytes)
  })
  return pages
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
