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

/** `called`: the item is to be a model that processes call, whatever its tags say. */
export type ExpandModule = (module: Item, use?: 'called') => Promise<Uint8Array>

/** A transaction or item without its data, as nodes show it: bytes as base64url, numbers as digits. */
export type DriveHeader = {
  readonly format: number
  readonly id: string
  readonly last_tx: string
  readonly owner: string
  readonly tags: readonly { readonly name: string; readonly value: string }[]
  readonly target: string
  readonly quantity: string
  readonly data_size: string
  readonly data_root: string
  readonly reward: string
  readonly signature: string
}

/** What a drive can show under an id. */
export type DriveContent = {
  readonly header: DriveHeader
  readonly sizeBytes: number
  /** The whole signed item where it is in memory: its signature is checked here once more. */
  readonly item?: Item | undefined
  /** Bytes `fromByte` to, without, `toByte`; in the store each chunk is checked as it is read. */
  read(fromByte: number, toByte: number): AsyncIterable<Uint8Array>
}

/** What drives read from: all that this node holds or finds at its peers. */
export type DriveSource = {
  /** Undefined where it is not here as a whole, or is not what its id says. */
  content(id: string): Promise<DriveContent | undefined>
  /** A final block of the base layer by id, checked, in Arweave's shape. */
  block(id: string): Promise<DriveBlock | undefined>
}

export type DriveBlock = { readonly indep_hash: string; readonly height: number }

/** What an operator should know of: one line each. */
export type Report = (fields: Readonly<Record<string, unknown>>, text: string) => void

export type ComputeDependencies = {
  readonly log: ProcessLog
  readonly items: ItemSource
  /** What processes with a drive read; without it such a read waits. */
  readonly drive?: DriveSource
  /** Tells whether the owner signed the item. */
  readonly verify: (item: Item) => Promise<boolean>
  /** What a thread compiles for a module; its data unless told. */
  readonly expandModule?: ExpandModule
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
