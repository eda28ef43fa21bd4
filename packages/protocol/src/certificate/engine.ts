import { type ErasureEngine, planeErasure } from '../erasure/index.ts'
import { type BlobHash, portableBlake3, portableSha256 } from '../merkle/index.ts'
import { type Fingerprint, portableFingerprint } from './ghash.ts'

/** The heavy functions a commitment needs, as ports: engines differ in speed only. */
export type CommitmentEngine = {
  readonly hash: BlobHash
  readonly erasure: ErasureEngine
  readonly fingerprint: Fingerprint
}

/** Engines that run anywhere, browsers included. */
export const portableCommitment = {
  sha256: engineWith(portableSha256),
  blake3: engineWith(portableBlake3),
} as const

function engineWith(hash: BlobHash): CommitmentEngine {
  return { hash, erasure: planeErasure, fingerprint: portableFingerprint }
}
