import type { Retention } from '@heddle/protocol/params'
import type { Route } from '../network/index.ts'
import type { CopiedItem, CopyStore } from './ports.ts'

/** A node that keeps copies: where it answers, and the address it signs as. */
export type KeeperPlace = { readonly url: string; readonly address: string }

/** An item with what its uploader asks for. */
export type PromisedItem = CopiedItem & { readonly retention: Retention }

/** One who holds a copy for this node. */
export type HolderReport = KeeperPlace & {
  /** `failed`: it does not count, and keeps what it has until another has it or it proves it again. */
  readonly state: 'held' | 'failed'
  readonly sinceMs: number
  /** When it last proved that it holds the data. */
  readonly provenMs: number
  /** Challenges failed since then, and why the last. */
  readonly failures: number
  readonly error?: string
}

/** Who holds the copies of an item. */
export type CopiesReport = {
  readonly id: string
  readonly dataRoot: string
  readonly sizeBytes: number
  readonly copies: number
  readonly placement: readonly string[]
  /** Winston, as digits. */
  readonly minimumStake: string
  readonly untilMs?: number
  /** Whether this node's own copy is one that counts. */
  readonly own: boolean
  /** Copies that are missing now. */
  readonly short: number
  readonly holders: readonly HolderReport[]
}

/** What is promised here, and kept for others. */
export type CopiesSummary = {
  /** Items whose copies this node answers for. */
  readonly promised: number
  /** Of these, those that have fewer copies than promised. */
  readonly short: number
  /** Copies no longer needed whose keepers have not been told yet. */
  readonly owed: number
  /** Copies kept for others, and what they count. */
  readonly kept: number
  readonly keptBytes: number
}

/** The copies room. */
export type Copies = {
  /**
   * Tells, before anything is taken, whether a retention can be kept with the keepers there are. Rejects
   * with `copies-unfit`, `copies-short`.
   */
  check(retention: Retention, sizeBytes?: number): Promise<void>
  /**
   * Places copies of an item whose data is in the store, has each proven, notes durably who holds
   * them, then calls `keep` and resolves. Where it rejects (`copies-unfit`, `copies-short`,
   * `copies-empty`, or with what `keep` throws) nothing of it stays at keepers.
   */
  keep(item: PromisedItem, keep: () => Promise<void>): Promise<void>
  /** Tells whether copies of an item are promised here. */
  isPromised(id: string): boolean
  /** The same store, but what is damaged or lost in it comes back from keepers as it is read. */
  heal(store: CopyStore): CopyStore
  report(id: string): CopiesReport | undefined
  summary(): CopiesSummary
  routes(): Route[]
  /** Takes up what an earlier run left, and begins to challenge. */
  start(): void
  close(): Promise<void>
}
