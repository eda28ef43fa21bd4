import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Item, Signer } from '@heddle/protocol/item'
import type { LogEntry, Result } from '@heddle/protocol/message'
import type { OrderedLog } from '../journal/index.ts'
import type { Runtime } from '../runtime/index.ts'

/** The scheduler's logs, seen from here. */
export type ProcessLogs = {
  /** Durable entries from `fromSlot`, at most `limit`; never none while there is one. */
  entries(processId: string, fromSlot: number, limit: number): Promise<LogEntry[]>
  /** Next free slot; 0 for a process not hosted here. */
  head(processId: string): number
  processes(): Iterable<string>
  onScheduled(listener: (processId: string, slot: number) => void): void
  /** Appends entries that another scheduler made, verified by the caller; durable when it resolves. */
  adopt(processId: string, entries: readonly LogEntry[]): Promise<void>
}

/** What compute evaluated, seen from here. */
export type Results = {
  /** At least one, where there is one; no more once they have `bytesMax`. */
  evaluations(
    processId: string,
    fromSlot: number,
    limit: number,
    bytesMax: number,
  ): Promise<readonly { readonly slot: number; readonly result: Result }[]>
  evaluatedHead(processId: string): number
  onEvaluated(listener: (processId: string, slot: number) => void): void
  /** Resolves once the slot has its durable result. */
  result(processId: string, slot: number, signal?: AbortSignal): Promise<unknown>
  /** Keeps the newest checkpoint as an item, if it is a new one; resolves with its id then. */
  publishCheckpoint(processId: string): Promise<string | undefined>
}

/** Where items are kept for good. */
export type Items = {
  /** Durable when it resolves; a repeat is harmless. */
  keep(item: Item): Promise<void>
  /** An item kept here, not waiting for any index. */
  keptItem(id: string): Promise<Item | undefined>
}

export type RollupDeps = {
  readonly log: ProcessLogs
  readonly results: Results
  readonly items: Items
  /** Log name = process id; record n = what the n-th rollup of the process holds. */
  readonly journal: OrderedLog
  /** Epoch under which this node writes to that journal. */
  readonly epoch: number
  readonly signer: Signer
  readonly engine: CryptoEngine
  readonly verify: (item: Item) => Promise<boolean>
  readonly runtime: Pick<Runtime, 'clock' | 'timer'>
  /** What an operator should know of: one line each. */
  readonly warn: (fields: Readonly<Record<string, unknown>>, text: string) => void
}

export type RecoveryDeps = RollupDeps & {
  /** Base URLs asked where the caller names none, one after another. */
  readonly sources: readonly string[]
  readonly fetch: typeof globalThis.fetch
}
