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
let gathered = new Uint8Array(0)

/**
 * Fingerprints by AES-GCM of OpenSSL. Keys must not change afterwards. The fixed IV is harmless
 * here: nothing is encrypted, and keys are public. Do not copy this where a tag is to authenticate.
 */
export const nativeFingerprint: Fingerprint = (keys, pieces) => {
  const planeBytes = gatherPlanes(pieces)
  const prepared = keys.map(prepareKey)
  const tags = new Uint8Array(8 * 16 * keys.length)
  for (let plane = 0; plane < 8; plane++) {
    const bytes = gathered.subarray(plane * planeBytes, (plane + 1) * planeBytes)
    prepared.forEach((key, j) => {
      const tag = tagOf(key.key, bytes)
      const zero = zeroTag(key, planeBytes)
      const at = 16 * (plane * keys.length + j)
      for (let i = 0; i < 16; i++) tags[at + i] = (tag[i] ?? 0) ^ (zero[i] ?? 0)
    })
  }
  return tags
}

/** Lays the planes of all pieces one behind the other; returns the length of each. */
function gatherPlanes(pieces: readonly Uint8Array[]): number {
  const partBytes = (pieces[0]?.length ?? 0) / 8
  const planeBytes = pieces.length * partBytes
  if (gathered.length < 8 * planeBytes) gathered = new Uint8Array(8 * planeBytes)
  pieces.forEach((piece, at) => {
    for (let plane = 0; plane < 8; plane++) {
      const part = piece.subarray(plane * partBytes, (plane + 1) * partBytes)
      gathered.set(part, plane * planeBytes + at * partBytes)
    }
  })
  return planeBytes
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
