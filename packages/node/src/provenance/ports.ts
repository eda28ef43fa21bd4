import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Item } from '@heddle/protocol/item'

/** Kept items, seen from here (structurally the gateway's). */
export type KeptItems = {
  item(id: string): Promise<Item | undefined>
  /** Ids of kept items that have all these tags, oldest first. */
  tagged(tags: Readonly<Record<string, string>>, limit: number): Promise<string[]>
}

export type ProvenanceDeps = {
  readonly items: KeptItems
  /** Whether an item's id and signature are its own. */
  readonly verify: (item: Item) => Promise<boolean>
  readonly engine: CryptoEngine
}
