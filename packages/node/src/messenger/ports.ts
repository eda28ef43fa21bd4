import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Item, Signer } from '@heddle/protocol/item'
import type { LogEntry, Result } from '@heddle/protocol/message'
import type { Log, Metrics } from '../observe/index.ts'
import type { Clock, Timer } from '../runtime/index.ts'

/** What a scheduler answers once a slot is durable. */
export type Receipt = {
  /** Id of the message or process; of the assignment where an existing item was assigned. */
  readonly id: string
  readonly processId: string
  readonly slot: number
  readonly timestampMs: number
}

export type AssignOptions = { readonly baseLayer?: boolean; readonly exclude?: readonly string[] }

/** The scheduler of this node. A repeat rejects with `message-exists` (conflict). */
export type SchedulerPort = {
  schedule(item: Item): Promise<Receipt>
  assign(processId: string, messageId: string, options: AssignOptions): Promise<Receipt>
  entries(processId: string, fromSlot: number, limit: number): Promise<LogEntry[]>
  slotOf(processId: string, id: string): Promise<number | undefined>
  /** Next free slot; 0 for a process that is not scheduled here. */
  head(processId: string): number
  processes(): Iterable<string>
}

/** One durable evaluation, as far as the messenger reads it. */
export type Evaluation = {
  readonly processId: string
  readonly slot: number
  readonly messageId: string
  readonly result: Pick<Result, 'Messages' | 'Spawns' | 'Assignments'>
}

/** The outbox: what processes emitted is durable there, with the result it came from. */
export type ComputePort = {
  /** Those that are read end with the one that reaches `bytesMax`. */
  evaluations(
    processId: string,
    fromSlot: number,
    limit: number,
    bytesMax: number,
  ): Promise<readonly Evaluation[]>
  evaluatedHead(processId: string): number
  onEvaluated(listener: (processId: string, slot: number) => void): void
}

/** The items this node holds. */
export type ItemsPort = {
  item(id: string): Promise<Item | undefined>
  /** Keeps an item that goes to no process; resolves when it is durable. Keeping twice is harmless. */
  keep(item: Item): Promise<void>
  /** The newest `Type: Scheduler-Location` item this owner (an address) signed. */
  schedulerLocation(owner: string): Promise<Announcement | undefined>
  /** URLs of the schedulers that announced themselves here last, newest first, at most `limit`. */
  announcedSchedulers(limit: number): Promise<readonly string[]>
}

type Announcement = { readonly item: Item; readonly blockHeight: number }

/** The one source of height; `Consensus` has this shape. */
type BaseLayerPort = {
  tip(): { readonly height: number }
  onBlock(listener: (block: { readonly height: number }) => void): void
}

export type MessengerDeps = {
  readonly scheduler: SchedulerPort
  readonly compute: ComputePort
  readonly items: ItemsPort
  verify(item: Item): Promise<boolean>
  /** The node's key: signs what is pushed. */
  readonly signer: Signer
  readonly engine: CryptoEngine
  readonly runtime: { readonly clock: Clock; readonly timer: Timer }
  readonly log: Pick<Log, 'info' | 'warn' | 'error'>
  readonly metrics: Pick<Metrics, 'count' | 'gauge'>
  /** Path of the SQLite file that holds delivery progress and monitors. */
  readonly stateFile: string
  readonly baseLayer: BaseLayerPort
  /** Base URLs of other nodes. */
  readonly peers: readonly string[]
  /** Where others reach this node, no path. */
  readonly publicUrl: string
  readonly fetch: typeof globalThis.fetch
  /** Told of each item signed here, so that this node's own verifier need not check it again. */
  onSigned?(item: Item): void
}
