import { createHash } from 'node:crypto'
import { constants, zstdCompressSync } from 'node:zlib'
import { concatBytes, equalBytes } from '@heddle/protocol/base'
import { imageInvalid, memoryLimitTooLow } from './errors.ts'
import { unpackBytes } from './image/unpack-bytes.ts'
import { imagePageBytes, type MemoryImage } from './ports.ts'

/**
 * Header, all little-endian: magic u32, version u32, memory length u64, page count u32, host state
 * length u32, SHA-256 of (header before it ‖ content). Then the content, zstd level 1:
 * page indexes as u32, host state, pages.
 */
const magic = 0x474d_4948 // "HIMG"
const version = 1
const headBytes = 24
const headerBytes = headBytes + 32
const wasmPageBytes = 65_536
const hostStateBytesMax = 1 << 20
const memoryBytesMax = 2 ** 32

/** Compact bytes of an image; about half a megabyte for a young aos process. */
export function encodeImage(image: MemoryImage): Uint8Array {
  const head = new Uint8Array(headBytes)
  const view = new DataView(head.buffer)
  view.setUint32(0, magic, true)
  view.setUint32(4, version, true)
  view.setBigUint64(8, BigInt(image.byteLength), true)
  view.setUint32(16, image.indexes.length, true)
  view.setUint32(20, image.hostState.length, true)
  const indexes = new Uint8Array(image.indexes.length * 4)
  const indexView = new DataView(indexes.buffer)
  image.indexes.forEach((page, i) => {
    indexView.setUint32(i * 4, page, true)
  })
  const content = concatBytes([indexes, image.hostState, image.pages])
  const packed = zstdCompressSync(content, {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
  })
  return concatBytes([head, digest(head, content), packed])
}

/**
 * The image in `bytes`. `memoryBytes` bounds the memory it may ask for; throws `image-invalid`, or
 * `memory-limit-too-low`, before allocating what the header claims. Give the process's own limit
 * for an image that was not made here.
 */
export function decodeImage(bytes: Uint8Array, memoryBytes = memoryBytesMax): MemoryImage {
  if (bytes.length < headerBytes) throw imageInvalid('it is too short')
  const head = bytes.subarray(0, headBytes)
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  if (view.getUint32(0, true) !== magic) throw imageInvalid('it does not begin like one')
  if (view.getUint32(4, true) !== version) throw imageInvalid('it is of another version')
  const byteLength = Number(view.getBigUint64(8, true))
  const pageCount = view.getUint32(16, true)
  const stateBytes = view.getUint32(20, true)
  if (byteLength % wasmPageBytes !== 0) throw imageInvalid('its length is not in whole pages')
  if (byteLength > memoryBytes) throw memoryLimitTooLow(byteLength, memoryBytes)
  if (pageCount > byteLength / imagePageBytes) throw imageInvalid('it has too many pages')
  if (stateBytes > hostStateBytesMax) throw imageInvalid('its host state is too long')
  const contentBytes = pageCount * (4 + imagePageBytes) + stateBytes
  const content = unpack(bytes.subarray(headerBytes), contentBytes)
  if (!equalBytes(bytes.subarray(headBytes, headerBytes), digest(head, content)))
    throw imageInvalid('its digest does not match')
  const indexes = readIndexes(content, pageCount, byteLength / imagePageBytes)
  const stateStart = pageCount * 4
  return {
    byteLength,
    indexes,
    hostState: content.slice(stateStart, stateStart + stateBytes),
    pages: content.subarray(stateStart + stateBytes),
  }
}

function digest(head: Uint8Array, content: Uint8Array): Uint8Array {
  return createHash('sha256').update(head).update(content).digest()
}

function unpack(packed: Uint8Array, contentBytes: number): Uint8Array {
  let content: Uint8Array
  try {
    content = unpackBytes(packed, contentBytes)
  } catch {
    throw imageInvalid('its content cannot be unpacked')
  }
  if (content.length !== contentBytes) throw imageInvalid('its content is of the wrong length')
  return content
}

function readIndexes(content: Uint8Array, count: number, end: number): Uint32Array {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength)
  const indexes = new Uint32Array(count)
  let previous = -1
  for (let i = 0; i < count; i++) {
    const page = view.getUint32(i * 4, true)
    if (page <= previous || page >= end) throw imageInvalid('its page numbers do not rise')
    indexes[i] = page
    previous = page
  }
  return indexes
}
