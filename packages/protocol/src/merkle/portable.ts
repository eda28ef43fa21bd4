import { blake3 } from '@noble/hashes/blake3.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { type BlobHash, hashIds } from './hash.ts'

/** SHA-256 that runs anywhere. */
export const portableSha256: BlobHash = { id: hashIds.sha256, digest: (bytes) => sha256(bytes) }

/** BLAKE3 that runs anywhere, at some 36 MB/s. */
export const portableBlake3: BlobHash = { id: hashIds.blake3, digest: (bytes) => blake3(bytes) }
