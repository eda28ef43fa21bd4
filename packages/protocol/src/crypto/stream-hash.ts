import { sha384 } from '@noble/hashes/sha2.js'

/** A digest of bytes that come one piece after another. */
export type StreamHash = {
  update(bytes: Uint8Array): void
  /** Ends it; to be called once. */
  digest(): Uint8Array
}

/** SHA-384, the part of an item's signature that covers its data, in any runtime. */
export function startPortableSha384(): StreamHash {
  const hash = sha384.create()
  return {
    update: (bytes) => void hash.update(bytes),
    digest: () => hash.digest(),
  }
}
