import { encodeBase64Url } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import * as errors from './errors.ts'
import type { Item } from './item.ts'
import { type ItemLimits, itemLimits } from './limits.ts'
import { signatureShape } from './signature-type.ts'
import { decodeTags } from './tag-codec.ts'

/**
 * Reads an ANS-104 data item. Nothing is copied: every byte field is a view into `bytes`. The
 * signature is not verified (`verifyItem` does). Throws kind `invalid`, codes `item-…`; each defect
 * has its own.
 */
export function parseItem(
  bytes: Uint8Array,
  engine: CryptoEngine,
  limits: ItemLimits = itemLimits,
): Item {
  if (bytes.length > limits.itemBytes) throw errors.itemTooLarge(bytes.length, limits.itemBytes)
  const reader = { bytes, at: 0 }
  const typeBytes = take(reader, 2, 'signature type')
  const signatureType = (typeBytes[0] ?? 0) | ((typeBytes[1] ?? 0) << 8)
  const shape = signatureShape(signatureType)
  if (shape === undefined) throw errors.itemSignatureType(signatureType)
  const signature = take(reader, shape.signatureBytes, 'signature')
  const owner = take(reader, shape.ownerBytes, 'owner')
  const target = takeOptional(reader, 'target')
  const anchor = takeOptional(reader, 'anchor')
  const statedCount = takeLength(reader, 'tag count')
  const tagBytes = takeLength(reader, 'tag area length')
  // Both are judged before the area is looked at, so a huge number is called that and not
  // "truncated".
  if (statedCount > limits.tags) throw errors.itemTooManyTags(statedCount, limits.tags)
  if (tagBytes > limits.tagAreaBytes) throw errors.itemTagArea(tagBytes, limits.tagAreaBytes)
  const rawTags = take(reader, tagBytes, 'tags')
  const tags = decodeTags(rawTags, statedCount, limits)
  const data = bytes.subarray(reader.at)
  const id = encodeBase64Url(engine.sha256(signature))
  return { bytes, id, signatureType, signature, owner, target, anchor, rawTags, tags, data }
}

/** Where in the item reading stands. */
type Reader = { readonly bytes: Uint8Array; at: number }

function take(reader: Reader, length: number, what: string): Uint8Array {
  const end = reader.at + length
  if (end > reader.bytes.length) throw errors.itemTruncated(what, end, reader.bytes.length)
  const part = reader.bytes.subarray(reader.at, end)
  reader.at = end
  return part
}

function takeOptional(reader: Reader, what: 'target' | 'anchor'): Uint8Array {
  const presence = take(reader, 1, what)[0] ?? 0
  // Other libraries read anything but 1 as absent; then one signature would fit several byte
  // strings.
  if (presence > 1) throw errors.itemPresenceByte(what, presence)
  return take(reader, presence === 1 ? 32 : 0, what)
}

/** A little-endian u64; what exceeds 2^53 comes back inexact, and every limit is far below. */
function takeLength(reader: Reader, what: string): number {
  const part = take(reader, 8, what)
  let value = 0
  for (let i = 7; i >= 0; i--) value = value * 256 + (part[i] ?? 0)
  return value
}
