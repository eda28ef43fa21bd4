import { encodeBase64Url } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Found } from '../catalog/location.ts'
import { itemsLog, part, pendingHeight } from '../catalog/location.ts'
import type { Holding } from '../items/holding.ts'

/** Larger data is not hashed for a header. */
const digestedBytes = 16 * 1024 * 1024
const rememberedDigests = 1000

/** SHA-256 of content in memory, remembered by id: content of an id never changes. */
export function createDigests(engine: CryptoEngine): (holding: Holding) => Uint8Array | undefined {
  const known = new Map<string, Uint8Array>()
  return ({ id, data: { bytes } }) => {
    if (bytes === undefined || bytes.length > digestedBytes) return undefined
    const before = known.get(id)
    if (before !== undefined) return before
    const digest = engine.sha256(bytes)
    if (known.size >= rememberedDigests) known.clear()
    known.set(id, digest)
    return digest
  }
}

/**
 * What ar.io's gateways tell of content beside it. All of it was verified here; `Stable` says that
 * a final block holds it.
 */
export function contentHeaders(
  holding: Holding,
  found: Found | undefined,
  digest: Uint8Array | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {
    'x-ar-io-data-id': holding.id,
    'x-ar-io-verified': 'true',
    'x-ar-io-trusted': 'true',
    'x-ar-io-hops': '0',
    'x-ar-io-stable': String(found !== undefined && found.height < pendingHeight),
    'x-cache': 'HIT',
  }
  if (digest !== undefined) headers['x-ar-io-digest'] = encodeBase64Url(digest)
  if (found !== undefined) Object.assign(headers, placeHeaders(holding, found))
  return headers
}

function placeHeaders({ data, transaction }: Holding, found: Found): Record<string, string> {
  const { location, parent } = found
  if (transaction !== undefined || location.log !== itemsLog) return {}
  const headerBytes = location.length - data.sizeBytes
  const headers: Record<string, string> = {
    'x-ar-io-data-item-size': String(location.length),
    'x-ar-io-data-item-data-offset': String(headerBytes),
  }
  if (parent !== undefined) headers['x-ar-io-parent-id'] = encodeBase64Url(parent)
  // Offsets count from the start of the root's data, which they only do within a transaction.
  if (location.part === part.inData) {
    headers['x-ar-io-root-data-item-offset'] = String(location.offset)
    headers['x-ar-io-root-data-offset'] = String(location.offset + headerBytes)
  }
  return headers
}
