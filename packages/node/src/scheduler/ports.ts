import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Item, Signer } from '@heddle/protocol/item'
import type { OrderedLog } from '../journal/index.ts'
import type { Runtime } from '../runtime/index.ts'

/** The ordered ledger under everything, as far as an assignment needs it. */
export type BaseLayer = {
  /** Height of the newest block. */
  height(): number
  timestampMs(): number
  /** Id of the newest block. */
  blockId(): string
  /** Tells whether the base layer itself ordered the item or transaction with this id. */
  settled(id: string): Promise<boolean>
}

/** Items that can be had by id, wherever the node keeps them. */
export type Items = {
  item(id: string): Promise<Item | undefined>
}

/** What recovering logs means for going on with them. */
export type Hosting = {
  /** The log is not here as a whole yet: nothing may be given a slot in it. */
  isRecovering(processId: string): boolean
  /** Lowest epoch of the next assignment: it rose with the tenancy (DESIGN §5.1). */
  epochAtLeast(processId: string): number
}

/** Certificates of storers for durable slots, where this node has storers. */
export type Certify = {
  /**
   * Resolves once this durable slot and all before it are certified; undefined where there is nothing to
   * wait for. Rejects with `slot-not-certified`.
   */
  certified(processId: string, slot: number): Promise<void> | undefined
  /** Certified ranges of slots as JSON, by number. */
  availability(processId: string, fromRange: number, limit: number): Promise<object>
}

export type SchedulerDeps = {
  /** One log per process; this room is its only writer and does not close it. */
  readonly journal: OrderedLog
  /** The node's key: it signs every assignment. */
  readonly signer: Signer
  readonly engine: CryptoEngine
  readonly runtime: Pick<Runtime, 'clock' | 'timer' | 'disk'>
  /** Checks an item's signature. */
  verify(item: Item): Promise<boolean>
  readonly baseLayer: BaseLayer
  readonly items: Items
  readonly hosting?: Hosting
  /** Absent where this node has no storers; spawns that ask for certificates are refused then. */
  readonly certify?: Certify
  /** Told of each assignment signed here, so that this node's own verifier need not check it again. */
  onSigned?(assignment: Item): void
}
