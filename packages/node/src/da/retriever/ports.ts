import type { BlsEngine, CommitmentEngine, StorerSet } from '@heddle/protocol/certificate'
import type { Clock, Timer } from '../../runtime/index.ts'
import type { Lane } from '../lane/lane.ts'

/** What a retriever is built from. */
export type RetrieverDeps = {
  readonly lane: Lane
  /** The storer set of an epoch, or undefined where it is not known here. */
  readonly storerSet: (epoch: number) => StorerSet | undefined
  /** The engine for a blob's hash, or undefined where this machine has none. */
  readonly engineFor: (hashId: number) => CommitmentEngine | undefined
  readonly bls: BlsEngine
  readonly clock: Pick<Clock, 'elapsedMs'>
  readonly timer: Pick<Timer, 'after'>
}
