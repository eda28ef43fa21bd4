import type { CommitmentEngine } from '@heddle/protocol/certificate'
import { nativeHash } from './blake3.ts'
import { nativeCommitment } from './commitment-engine.ts'
import { openErasureEngine } from './erasure-engine.ts'

/**
 * The engine for a blob's hash, undefined where this machine has no such hash. All share one
 * erasure engine: for one thread.
 */
export function openEngines(
  kernel: WebAssembly.Module,
): (hashId: number) => CommitmentEngine | undefined {
  const erasure = openErasureEngine(kernel, { arenaBytes: 0 })
  return (hashId) => {
    const hash = nativeHash(hashId)
    return hash && nativeCommitment(erasure, hash)
  }
}
