import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Item } from '@heddle/protocol/item'
import type { EvaluationMessage, LogEntry, Result } from '@heddle/protocol/message'
import type { Retention } from '@heddle/protocol/params'
import type { OrderedLog } from '../journal/index.ts'
import type { Clock, Timer } from '../runtime/index.ts'

/** Answers whether an item's signature holds. The caller keeps the event loop free. */
export type Verify = (item: Item) => Promise<boolean>

/** What the gateway needs of the base layer (structurally `Consensus`, which wiring hands over). */
export type BaseLayer = {
  /** Orders a payload; resolves once its block is final and durable. */
  submit(payload: Uint8Array): Promise<BaseBlock>
  tip(): BaseBlock
  block(height: number): Promise<BaseBlock | undefined>
  blockById(id: string): Promise<BaseBlock | undefined>
  onBlock(listener: (block: BaseBlock) => void): void
}

export type BaseBlock = {
  readonly height: number
  readonly id: string
  /** Empty for genesis. */
  readonly previous: string
  readonly timestampMs: number
  readonly payloads: readonly Uint8Array[]
}

/** Logs of the processes hosted here: their messages and assignments are served from there. */
export type ProcessLogs = {
  entries(processId: string, fromSlot: number, limit: number): Promise<LogEntry[]>
  /** Next free slot; 0 for a process not hosted here. */
  head(processId: string): number
  processes(): Iterable<string>
  onScheduled(listener: (processId: string, slot: number) => void): void
}

/** Names data in the store by Arweave's data_root (base64url, empty for no bytes) and its size. */
export type StoredData = { readonly dataRoot: string; readonly sizeBytes: number }

export type ReadOptions = { readonly reuse?: boolean }

export type StoredChunk = {
  readonly bytes: Uint8Array
  readonly dataPath: Uint8Array
  readonly fromByte: number
  readonly toByte: number
}

/** What the gateway needs of the store (structurally `Store`, which wiring hands over). */
export type DataStore = {
  /** With `sha384` the digest of all the bytes is taken on the way. */
  write(
    source: AsyncIterable<Uint8Array>,
    options?: { readonly sha384?: boolean },
  ): Promise<StoredData & { readonly sha384?: Uint8Array }>
  keepChunk(chunk: {
    readonly dataRoot: string
    readonly dataSizeBytes: number
    readonly offset: number
    readonly dataPath: Uint8Array
    readonly bytes: Uint8Array
  }): Promise<void>
  held(data: StoredData): Promise<{ readonly heldBytes: number; readonly complete: boolean }>
  /** With `reuse` a part is the reader's only until it asks for the next. */
  read(
    data: StoredData,
    fromByte: number,
    toByte: number,
    options?: ReadOptions,
  ): AsyncIterable<Uint8Array>
  chunk(data: StoredData, offset: number): Promise<StoredChunk | undefined>
  hold(data: StoredData, holder: string, retention: Retention): Promise<void>
}

/** An item or transaction whose data is in the store, with what is promised of it. */
export type PromisedItem = {
  readonly id: string
  /** All of the item before its data, or the JSON of a transaction without it. */
  readonly header: Uint8Array
  readonly data: StoredData
  readonly retention: Retention
}

/** Who has other nodes keep copies (structurally `Copies`, which wiring hands over). */
export type CopyPlacer = {
  /** Rejects where a retention cannot be kept with the keepers there are. */
  check(retention: Retention, sizeBytes?: number): Promise<void>
  /** Places copies, then calls `keep`; where that rejects, or it does, nothing of it stays. */
  keep(item: PromisedItem, keep: () => Promise<void>): Promise<void>
  /** Tells whether copies of an item are promised already. */
  isPromised(id: string): boolean
}

export type ItemsDeps = {
  readonly journal: Pick<OrderedLog, 'append' | 'read' | 'head'>
  /** Epoch under which this node writes to the journal (`OrderedLog.claim`). */
  readonly epoch: number
  readonly consensus: BaseLayer
  readonly log: ProcessLogs
  readonly verify: Verify
  readonly engine: CryptoEngine
  /** Without it what does not fit into a record of the journal is refused. */
  readonly store?: DataStore
  /** Without it uploads that ask for more than this node's own copy are refused. */
  readonly copies?: CopyPlacer
  readonly clock: Clock
  readonly timer: Timer
  /** Told what went wrong behind the reply (indexing, ordering), once each time. */
  onFault(what: string, error: unknown): void
}

/** Slots of a schedule, both ends included; without `to` up to the newest. */
export type SlotRange = { readonly from: number; readonly to?: number | undefined }

/** Where a log stands, as `~scheduler@1.0/slot` tells it. */
export type SlotReport = { readonly current: number }

/** A legacynet page whose cursors are slots (`application/aos-2`). */
export type SchedulePage = {
  readonly page_info: {
    readonly process: string
    readonly has_next_page: boolean
    readonly timestamp: number
    readonly 'block-height': number
    readonly 'block-hash': string
  }
  readonly edges: readonly { readonly cursor: string; readonly node: unknown }[]
}

export type ScheduleReceipt = {
  readonly id: string
  readonly processId: string
  readonly slot: number
  readonly timestampMs: number
}

/** What the mainnet surface needs of the scheduler. */
export type MainnetScheduler = {
  /** Rejects with `message-exists` for a repeat; its `details` hold the receipt first given. */
  schedule(item: Item): Promise<ScheduleReceipt>
  slotOf(processId: string, id: string): Promise<number | undefined>
  head(processId: string): number
  processes(): Iterable<string>
  readSlot(processId: string): SlotReport
  readSchedule(processId: string, range: SlotRange): Promise<SchedulePage>
}

/** What the mainnet surface needs of the compute unit. */
export type MainnetCompute = {
  result(
    processId: string,
    slot: number,
    signal?: AbortSignal,
  ): Promise<{ readonly result: Result }>
  /** `caller`: who asks; each has a few under way, and no more. */
  dryRun(
    processId: string,
    message: Partial<EvaluationMessage>,
    signal: AbortSignal,
    caller: string,
  ): Promise<Result>
}

export type MainnetDeps = {
  /** The node's own address: scheduler and authority of what clients spawn here. */
  readonly address: string
  readonly scheduler: MainnetScheduler
  readonly compute: MainnetCompute
  readonly verify: Verify
  readonly engine: CryptoEngine
  readonly timer: Timer
}
