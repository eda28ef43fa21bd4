import type { KeeperPlace } from './face.ts'

const kibibyte = 1024

export type CopiesOptions = {
  /** Labels of where this node's disk is. */
  readonly placement: readonly string[]
  /** Nodes that keep copies for this one. */
  readonly keepers: readonly KeeperPlace[]
  /** What is kept for others, all together; 0: nothing. */
  readonly keepBytes: number
  /** Addresses copies are kept for. */
  readonly keepFor: readonly string[] | 'anyone'
  /** Time between two challenges of a copy. */
  readonly challengeEveryMs: number
  /** A failed challenge is repeated after this share of that time. */
  readonly retryShare: number
  /** Challenges a keeper fails, one after another, before another takes its place. */
  readonly failures: number
  /** Bytes of the data a challenge asks for. */
  readonly challengedBytes: number
  /** A keeper that does not answer within this is away. */
  readonly askTimeoutMs: number
  /** A copy on its way may take this, and what its size takes at `copyBytesPerSecond`. */
  readonly copyTimeoutMs: number
  /** The slowest pace at which a copy may travel. */
  readonly copyBytesPerSecond: number
  /** What a keeper said of itself is believed for so long. */
  readonly statementReuseMs: number
  /** Copies a keeper takes in at a time. */
  readonly copiesAtOnce: number
  /** What each copy counts beyond its data, so that small ones are bounded too. */
  readonly copyOverheadBytes: number
  /** Share of `keepBytes` one placer may have, where there are several. */
  readonly placerShare: number
  /** Requests older than this, or as far ahead, are refused: clocks must agree within it. */
  readonly requestAgeMs: number
  /** Time between two looks at what is due. */
  readonly lookEveryMs: number
  /** Things done in one look; of these `driverAtOnce` at a time. */
  readonly stepsPerLook: number
  readonly driverAtOnce: number
}

export const copiesDefaults: CopiesOptions = {
  placement: [],
  keepers: [],
  keepBytes: 0,
  keepFor: [],
  challengeEveryMs: 3_600_000,
  retryShare: 0.2,
  failures: 3,
  challengedBytes: 4,
  askTimeoutMs: 10_000,
  copyTimeoutMs: 30_000,
  copyBytesPerSecond: 256 * kibibyte,
  statementReuseMs: 10_000,
  copiesAtOnce: 16,
  copyOverheadBytes: 8 * kibibyte,
  placerShare: 0.5,
  requestAgeMs: 3_600_000,
  lookEveryMs: 1000,
  stepsPerLook: 64,
  driverAtOnce: 4,
}
