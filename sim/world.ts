import type { Item } from '@heddle/protocol/item'
import type { Dice } from './dice.ts'
import type { EventLog } from './event-log.ts'
import type { Network } from './network.ts'
import type { VirtualTime } from './virtual-time.ts'

/** What a broken build would do: names are forgotten (rule R5), or a sync is claimed and not done. */
export type Mutant = 'forget-names' | 'skip-sync'

/** Everything of one run. */
export type World = {
  readonly time: VirtualTime
  readonly dice: Dice
  readonly log: EventLog
  readonly network: Network
  /** Names of all nodes; a node's name is its host. */
  readonly hosts: readonly string[]
  /** Stands for the gateway: every item ever signed can be had by id, on every node. */
  readonly items: Map<string, Item>
  /** Scheduler-Location items by address. */
  readonly announcements: Map<string, Item>
  /** Folder for SQLite's files. */
  readonly folder: string
  readonly mutant: Mutant | undefined
}
