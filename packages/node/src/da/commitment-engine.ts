import { createCipheriv, createSecretKey, hash, type KeyObject } from 'node:crypto'
import type { CommitmentEngine, Fingerprint } from '@heddle/protocol/certificate'
import type { ErasureEngine } from '@heddle/protocol/erasure'
import { type BlobHash, hashIds } from '@heddle/protocol/merkle'

/** SHA-256 by OpenSSL. */
export const nativeSha256: BlobHash = {
  id: hashIds.sha256,
  digest: (bytes) => hash('sha256', bytes, 'buffer'),
}

const zeroIv = new Uint8Array(12)

/**
 * What is made once per key, found by the key's own array: a blob has two keys and thousands of
 * fingerprints. A cipher from raw key bytes costs 20 µs, from a key object 3 µs.
 */
type PreparedKey = {
  readonly key: KeyObject
  /** Tags of so many zero bytes. */
  readonly zeroTags: Map<number, Uint8Array>
}
const preparedKeys = new WeakMap<Uint8Array, PreparedKey>()

/** Where planes are put together: one long call to OpenSSL costs less than sixteen short ones. */
type Gathered = { readonly bytes: Buffer; readonly planes: readonly Buffer[] }
let gathered: Gathered = { bytes: Buffer.alloc(0), planes: [] }

/**
 * Fingerprints by AES-GCM of OpenSSL. Keys must not change afterwards. The fixed IV is harmless
 * here: nothing is encrypted, and keys are public. Do not copy this where a tag is to authenticate.
 */
export const nativeFingerprint: Fingerprint = (keys, pieces) => {
  const { planes } = gatherPlanes(pieces)
  const tags = new Uint8Array(8 * 16 * keys.length)
  keys.forEach((key, j) => {
    const prepared = prepareKey(key)
    const zero = zeroTag(prepared, planes[0]?.length ?? 0)
    planes.forEach((plane, p) => {
      const tag = tagOf(prepared.key, plane)
      const at = 16 * (p * keys.length + j)
      for (let i = 0; i < 16; i++) tags[at + i] = (tag[i] ?? 0) ^ (zero[i] ?? 0)
    })
  })
  return tags
}

/**
 * Lays the planes of all pieces one behind the other. `copy` with numbers takes half the time of
 * `set` with a view made for each part.
 */
function gatherPlanes(pieces: readonly Uint8Array[]): Gathered {
  const partBytes = (pieces[0]?.length ?? 0) / 8
  const planeBytes = pieces.length * partBytes
  if (gathered.bytes.length !== 8 * planeBytes) {
    const bytes = Buffer.allocUnsafeSlow(8 * planeBytes)
    const planeAt = (_: unknown, p: number) => bytes.subarray(p * planeBytes, (p + 1) * planeBytes)
    gathered = { bytes, planes: Array.from({ length: 8 }, planeAt) }
  }
  pieces.forEach(({ buffer, byteOffset, length }, at) => {
    const piece = Buffer.from(buffer, byteOffset, length)
    for (let p = 0; p < 8; p++) {
      piece.copy(
        gathered.bytes,
        p * planeBytes + at * partBytes,
        p * partBytes,
        (p + 1) * partBytes,
      )
    }
  })
  return gathered
}

function prepareKey(key: Uint8Array): PreparedKey {
  const known = preparedKeys.get(key)
  if (known !== undefined) return known
  const prepared = { key: createSecretKey(key), zeroTags: new Map<number, Uint8Array>() }
  preparedKeys.set(key, prepared)
  return prepared
}

function tagOf(key: KeyObject, bytes: Uint8Array): Uint8Array {
  const cipher = createCipheriv('aes-128-gcm', key, zeroIv)
  cipher.setAAD(bytes)
  cipher.final()
  return cipher.getAuthTag()
}

function zeroTag({ key, zeroTags }: PreparedKey, lengthBytes: number): Uint8Array {
  const known = zeroTags.get(lengthBytes)
  if (known !== undefined) return known
  const tag = tagOf(key, new Uint8Array(lengthBytes))
  zeroTags.set(lengthBytes, tag)
  return tag
}

/**
 * Everything a commitment needs, native: `blobHash` is `nativeSha256` or a BLAKE3 of the machine.
 */
export function nativeCommitment(erasure: ErasureEngine, blobHash: BlobHash): CommitmentEngine {
  return { hash: blobHash, erasure, fingerprint: nativeFingerprint }
}
