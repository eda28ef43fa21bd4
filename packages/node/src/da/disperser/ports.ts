import type { BlsEngine } from '@heddle/protocol/certificate'
import type { BlobHash } from '@heddle/protocol/merkle'
import type { Runtime } from '../../runtime/index.ts'
import type { Lane } from '../lane/lane.ts'
import type { StorerSets } from '../storer/ports.ts'

export type DisperserDeps = {
  readonly runtime: Pick<Runtime, 'clock' | 'timer'>
  readonly kernel: WebAssembly.Module
  readonly lane: Lane
  readonly sets: Pick<StorerSets, 'current'>
  readonly bls: BlsEngine
  /** What blobs are hashed with. */
  readonly hash: BlobHash
}
