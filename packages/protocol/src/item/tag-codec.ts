import { decodeTextStrict, textBytes, writeUtf8 } from '../base/index.ts'
import * as errors from './errors.ts'
import type { Tag } from './item.ts'
import { type ItemLimits, itemLimits } from './limits.ts'

/** A long of 64 bits takes at most ten groups of seven. */
const maxLongBytes = 10
const endOfArray = Uint8Array.of(0)

/** Where in the tag area reading stands. */
type Cursor = { readonly bytes: Uint8Array; at: number }

/**
 * Decodes the Avro array of tags and checks every limit before it allocates. Negative counts (block
 * with byte size) and several blocks are legal; an area of no bytes means no tags. `statedCount` is
 * the header's.
 */
export function decodeTags(
  rawTags: Uint8Array,
  statedCount: number,
  limits: ItemLimits = itemLimits,
): Tag[] {
  if (rawTags.length > limits.tagAreaBytes) {
    throw errors.itemTagArea(rawTags.length, limits.tagAreaBytes)
  }
  if (statedCount > limits.tags) throw errors.itemTooManyTags(statedCount, limits.tags)
  const tags: Tag[] = []
  if (rawTags.length > 0) {
    const cursor: Cursor = { bytes: rawTags, at: 0 }
    while (decodeBlock(cursor, tags, statedCount, limits)) {
      // Each turn reads at least one tag, so the stated count bounds the loop.
    }
    if (cursor.at < rawTags.length) throw errors.itemTagEncoding('bytes after its end', cursor.at)
  }
  if (tags.length !== statedCount) throw errors.itemTagCount(statedCount, tags.length)
  return tags
}

/** Reads one block into `tags`; false at the terminator. */
function decodeBlock(cursor: Cursor, tags: Tag[], statedCount: number, limits: ItemLimits) {
  const signedCount = readLong(cursor)
  if (signedCount === 0) return false
  const count = Math.abs(signedCount)
  if (tags.length + count > statedCount) {
    throw errors.itemTagCount(statedCount, tags.length + count)
  }
  const blockBytes = signedCount < 0 ? readLong(cursor) : undefined
  const start = cursor.at
  for (let i = 0; i < count; i++) {
    const index = tags.length
    const name = readText(cursor, 'name', index, limits.tagNameBytes)
    const value = readText(cursor, 'value', index, limits.tagValueBytes)
    tags.push({ name, value })
  }
  if (blockBytes !== undefined && blockBytes !== cursor.at - start) {
    throw errors.itemTagEncoding(`a block of ${blockBytes} bytes has ${cursor.at - start}`, start)
  }
  return true
}

/** Zig-zag varint, exact within ±2^53; what is larger cannot be a length or a count here. */
function readLong(cursor: Cursor): number {
  const start = cursor.at
  let unsigned = 0
  let scale = 1
  for (let i = 0; i < maxLongBytes; i++) {
    const byte = cursor.bytes[cursor.at]
    if (byte === undefined) throw errors.itemTagEncoding('it ends within a number', start)
    cursor.at++
    unsigned += (byte & 0x7f) * scale
    scale *= 128
    if (unsigned > Number.MAX_SAFE_INTEGER) break
    if (byte < 0x80) return unsigned % 2 === 0 ? unsigned / 2 : -(unsigned + 1) / 2
  }
  throw errors.itemTagEncoding('a number is too large', start)
}

function readText(
  cursor: Cursor,
  part: 'name' | 'value',
  index: number,
  limitBytes: number,
): string {
  const start = cursor.at
  const length = readLong(cursor)
  if (length < 0) throw errors.itemTagEncoding('a length is negative', start)
  if (length > limitBytes) throw errors.itemTagLength(part, index, length, limitBytes)
  if (length > cursor.bytes.length - cursor.at) {
    throw errors.itemTagEncoding(`it ends within the ${part} of tag ${index}`, start)
  }
  const text = decodeTextStrict(cursor.bytes.subarray(cursor.at, cursor.at + length))
  if (text === undefined) throw errors.itemTagText(part, index)
  cursor.at += length
  return text
}

/** Encodes tags as a single Avro block; no tags give no bytes, as arbundles writes them. */
export function encodeTags(tags: readonly Tag[], limits: ItemLimits = itemLimits): Uint8Array {
  if (tags.length === 0) return new Uint8Array(0)
  if (tags.length > limits.tags) throw errors.itemTooManyTags(tags.length, limits.tags)
  let areaBytes = longBytes(tags.length) + endOfArray.length
  for (const [index, { name, value }] of tags.entries()) {
    areaBytes += checkText(name, 'name', index, limits.tagNameBytes)
    areaBytes += checkText(value, 'value', index, limits.tagValueBytes)
  }
  if (areaBytes > limits.tagAreaBytes) throw errors.itemTagArea(areaBytes, limits.tagAreaBytes)
  const area = new Uint8Array(areaBytes)
  let at = writeLong(area, 0, tags.length)
  for (const { name, value } of tags) {
    at = writeText(area, at, name)
    at = writeText(area, at, value)
  }
  area.set(endOfArray, at)
  return area
}

/** What a text takes within its area, its length before it; bytes. */
function checkText(
  text: string,
  part: 'name' | 'value',
  index: number,
  limitBytes: number,
): number {
  // A text has at least as many UTF-8 bytes as UTF-16 units; the second check is the exact one.
  if (text.length > limitBytes) throw errors.itemTagLength(part, index, text.length, limitBytes)
  if (!text.isWellFormed()) throw errors.itemTagText(part, index)
  const bytes = textBytes(text)
  if (bytes > limitBytes) throw errors.itemTagLength(part, index, bytes, limitBytes)
  return longBytes(bytes) + bytes
}

function writeText(area: Uint8Array, at: number, text: string): number {
  const from = writeLong(area, at, textBytes(text))
  return from + writeUtf8(text, area, from)
}

/** How many bytes `writeLong` writes. */
function longBytes(value: number): number {
  let bytes = 1
  for (let rest = value * 2; rest >= 0x80; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** Zig-zag varint of a count or length; returns where it ends. */
function writeLong(area: Uint8Array, from: number, value: number): number {
  let at = from
  let rest = value * 2
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) area[at++] = (rest & 0x7f) | 0x80
  area[at++] = rest
  return at
}
