import { createCipheriv, createHash, hash as hashOnce } from 'node:crypto'
import type { CommitmentEngine, Fingerprint } from '@heddle/protocol/certificate'
import type { ErasureEngine } from '@heddle/protocol/erasure'
import { type BlobHash, hashIds } from '@heddle/protocol/merkle'

/** Below this the one-shot call is faster, above it the streaming one. */
const oneShotBytesMax = 4096

/** SHA-256 by OpenSSL. */
export const nativeSha256: BlobHash = {
  id: hashIds.sha256,
  digest: (bytes) =>
    bytes.length <= oneShotBytesMax
      ? hashOnce('sha256', bytes, 'buffer')
      : createHash('sha256').update(bytes).digest(),
}

const zeroIv = new Uint8Array(12)

/** Tags of zeros by key object and length: a blob asks for few lengths, many times. */
const zeroTags = new WeakMap<Uint8Array, Map<number, Uint8Array>>()

/**
 * The fingerprint by AES-GCM of OpenSSL. The fixed IV is harmless here: nothing is encrypted, and
 * the keys are public. Do not copy this where a tag is to authenticate something.
 */
export const nativeFingerprint: Fingerprint = (key, parts) => {
  let lengthBytes = 0
  for (const part of parts) lengthBytes += part.length
  const tag = tagOf(key, parts)
  const zero = zeroTag(key, lengthBytes)
  for (let i = 0; i < 16; i++) tag[i] = (tag[i] ?? 0) ^ (zero[i] ?? 0)
  return tag
}

function tagOf(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const cipher = createCipheriv('aes-128-gcm', key, zeroIv)
  for (const part of parts) cipher.setAAD(part)
  cipher.final()
  return cipher.getAuthTag()
}

function zeroTag(key: Uint8Array, lengthBytes: number): Uint8Array {
  const known = zeroTags.get(key) ?? new Map<number, Uint8Array>()
  zeroTags.set(key, known)
  const tag = known.get(lengthBytes) ?? tagOf(key, [new Uint8Array(lengthBytes)])
  known.set(lengthBytes, tag)
  return tag
}

/** Everything a commitment needs, native: `hash` is `nativeSha256` or a BLAKE3 of the machine. */
export function nativeCommitment(erasure: ErasureEngine, hash: BlobHash): CommitmentEngine {
  return { hash, erasure, fingerprint: nativeFingerprint }
}
