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
  /** Told of each assignment signed here, so that this node's own verifier need not check it again. */
  onSigned?(assignment: Item): void
}
