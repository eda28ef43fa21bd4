import { createRequire } from 'node:module'
import { type BlobHash, hashIds } from '@heddle/protocol/merkle'
import { nativeSha256 } from './commitment-engine.ts'

type BlakeHash = { blake3(bytes: Uint8Array): Uint8Array }

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
    const { blake3 } = createRequire(import.meta.url)('@napi-rs/blake-hash') as BlakeHash
    return { id: hashIds.blake3, digest: (bytes) => plainView(blake3(bytes)) }
  } catch {
    return undefined
  }
}

/** The same bytes as a plain array: the addon gives Buffers, whose `slice` does not copy. */
function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** The hash of this id on this machine; undefined where it has none native. */
export function nativeHash(hashId: number): BlobHash | undefined {
  if (hashId === hashIds.blake3) return openBlake3()
  return hashId === hashIds.sha256 ? nativeSha256 : undefined
}
