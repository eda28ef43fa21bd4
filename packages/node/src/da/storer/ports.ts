import type { BlsSigner, CommitmentEngine, StorerSet } from '@heddle/protocol/certificate'
import type { Runtime } from '../../runtime/index.ts'

/** Storer sets as the base layer has them. One epoch has one set. */
export type StorerSets = {
  /** The set that blobs are drawn from now. */
  current(): StorerSet
  /** The set of an epoch that rows may still be sent for. */
  at(epoch: number): StorerSet | undefined
}

export type StorerDeps = {
  readonly runtime: Pick<Runtime, 'clock' | 'timer' | 'disk'>
  /** Segment files and the record of epochs live here; nobody else writes into it. */
  readonly folder: string
  readonly signer: BlsSigner
  readonly sets: StorerSets
  /** Undefined where this machine has no such hash. */
  engine(hashId: number): CommitmentEngine | undefined
  /** Hears of blobs whose terms or fingerprints its disk did not keep. */
  readonly onDamage?: (commitment: Uint8Array) => void
}
