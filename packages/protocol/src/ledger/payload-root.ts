import { concatBytes } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'

const leafPrefix = new Uint8Array([0])
const nodePrefix = new Uint8Array([1])

/**
 * Merkle tree hash of a list (RFC 9162 §2.1.1): leaves and nodes are hashed under different
 * prefixes, so no node can pass for a payload. The empty list has the hash of nothing.
 */
export function payloadRoot(
  payloads: readonly Uint8Array[],
  hash: Pick<CryptoEngine, 'sha256'>,
): Uint8Array {
  let level = payloads.map((payload) => hash.sha256(concatBytes([leafPrefix, payload])))
  if (level.length === 0) return hash.sha256(new Uint8Array(0))
  while (level.length > 1) {
    const above: Uint8Array[] = []
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i] ?? leafPrefix
      const right = level[i + 1]
      // A last one without a neighbour moves up as it is: the RFC's split at a power of two.
      above.push(right ? hash.sha256(concatBytes([nodePrefix, left, right])) : left)
    }
    level = above
  }
  return level[0] ?? leafPrefix
}
