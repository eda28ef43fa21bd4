import { encodeText, equalBytes } from '@heddle/protocol/base'

/**
 * Payload that orders items on the base layer: the text `items`, u8 version, then 32 bytes per id.
 * Other payloads share the layer, so one that starts otherwise is simply not ours.
 */
const magic = encodeText('items')
const version = 1
const idBytes = 32
const headerBytes = magic.length + 1

export function encodeOrder(ids: readonly Uint8Array[]): Uint8Array {
  const payload = new Uint8Array(headerBytes + idBytes * ids.length)
  payload.set(magic)
  payload[magic.length] = version
  for (const [index, id] of ids.entries()) payload.set(id, headerBytes + idBytes * index)
  return payload
}

/** Ids a payload orders; none where it is not such a payload, or cut off. Views, not copies. */
export function decodeOrder(payload: Uint8Array): Uint8Array[] {
  const ours =
    payload.length >= headerBytes &&
    equalBytes(payload.subarray(0, magic.length), magic) &&
    payload[magic.length] === version &&
    (payload.length - headerBytes) % idBytes === 0
  if (!ours) return []
  const ids: Uint8Array[] = []
  for (let at = headerBytes; at < payload.length; at += idBytes) {
    ids.push(payload.subarray(at, at + idBytes))
  }
  return ids
}
