import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Item, Signer } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'
import type { OrderedLog } from '../journal/index.ts'
import type { Runtime } from '../runtime/index.ts'

/** The log of processes: what a scheduler offers, seen from here. */
export type ProcessLog = {
  /** Durable entries from `fromSlot`, at most `limit`. */
  entries(processId: string, fromSlot: number, limit: number): Promise<LogEntry[]>
  /** Next free slot; 0 for an unknown process. */
  head(processId: string): number
  /** First slot of a message or assignment id within a process. */
  slotOf(processId: string, id: string): Promise<number | undefined>
  processes(): Iterable<string>
  onScheduled(listener: (processId: string, slot: number) => void): void
}

/** Items by id: modules, and what is assigned without being sent along. */
export type ItemSource = {
  item(id: string): Promise<Item | undefined>
}

/** What an operator should know of: one line each. */
export type Report = (fields: Readonly<Record<string, unknown>>, text: string) => void

export type ComputeDependencies = {
  readonly log: ProcessLog
  readonly items: ItemSource
  /** Tells whether the owner signed the item. */
  readonly verify: (item: Item) => Promise<boolean>
  /** What a thread compiles for a module; its data unless told. */
  readonly expandModule?: (module: Item) => Promise<Uint8Array>
  /**
   * Log name = process id, slot n = result of slot n. Claimed by this unit, closed by its owner.
   */
  readonly results: OrderedLog
  /** Folder of this unit alone; created where absent. */
  readonly checkpointFolder: string
  readonly runtime: Runtime
  readonly engine: CryptoEngine
  /** Address the unit answers with. */
  readonly address: string
  /** Signs what the unit states of slots and states; without it nothing is attested. */
  readonly signer?: Signer
  /** Takes checkpoints that are to be public. */
  readonly publish?: (item: Item) => Promise<void>
  readonly warn?: Report
}
