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

/** Where texts are decoded; a copy out of it costs less than a Buffer of its own. */
const decoded = Buffer.alloc(digestBytes)

const addon = loadAddon()

function loadAddon(): BlobHash | undefined {
  try {
    const { blake3UrlSafeBase64 } = createRequire(import.meta.url)(
      '@napi-rs/blake-hash',
    ) as BlakeHash
    // An addon without the function must not be found out in the middle of a blob.
    const text = blake3UrlSafeBase64(new Uint8Array(0))
    if (decoded.write(text, 'base64url') !== digestBytes) return undefined
    return { id: hashIds.blake3, digest: (bytes) => bytesOf(blake3UrlSafeBase64(bytes)) }
  } catch {
    return undefined
  }
}

/** A plain array, as Buffers have a `slice` that does not copy; small ones cost less than views. */
function bytesOf(text: string): Uint8Array {
  decoded.write(text, 'base64url')
  const bytes = new Uint8Array(digestBytes)
  bytes.set(decoded)
  return bytes
}

/** The hash of this id on this machine; undefined where it has none native. */
export function nativeHash(hashId: number): BlobHash | undefined {
  if (hashId === hashIds.blake3) return openBlake3()
  return hashId === hashIds.sha256 ? nativeSha256 : undefined
}
