import { createRequire } from 'node:module'
import { type BlobHash, digestBytes, hashIds } from '@heddle/protocol/merkle'
import { nativeSha256 } from './commitment-engine.ts'

/**
 * Text costs the addon less than a buffer: a buffer has to be registered for collection, which is
 * some 1.5 µs a call, a third of hashing a piece of 16 KiB.
 */
type BlakeHash = { blake3UrlSafeBase64(bytes: Uint8Array): string }

/**
 * BLAKE3 of the addon `@napi-rs/blake-hash` (prebuilt for each platform), two to three times as
 * fast as SHA-256; undefined where the platform has none.
 */
export function openBlake3(): BlobHash | undefined {
  return addon
}

const addon = loadAddon()

function loadAddon(): BlobHash | undefined {
  try {
    const { blake3UrlSafeBase64 } = createRequire(import.meta.url)(
      '@napi-rs/blake-hash',
    ) as BlakeHash
    const digest = (bytes: Uint8Array) => bytesOf(blake3UrlSafeBase64(bytes))
    // An addon without the function must not be found out in the middle of a blob.
    if (digest(new Uint8Array(0)).length !== digestBytes) return undefined
    return { id: hashIds.blake3, digest }
  } catch {
    return undefined
  }
}

/** A plain array: Buffers have a `slice` that does not copy. */
function bytesOf(text: string): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.from(text, 'base64url')
  return new Uint8Array(buffer, byteOffset, length)
}

/** The hash of this id on this machine; undefined where it has none native. */
export function nativeHash(hashId: number): BlobHash | undefined {
  if (hashId === hashIds.blake3) return openBlake3()
  return hashId === hashIds.sha256 ? nativeSha256 : undefined
}
