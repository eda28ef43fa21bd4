import type { Certificate } from '@heddle/protocol/certificate'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { LogEntry, Result } from '@heddle/protocol/message'
import type { Runtime } from '../runtime/index.ts'

/** Logs of the processes hosted here (structurally the scheduler). */
export type LogPort = {
  entries(processId: string, fromSlot: number, limit: number): Promise<LogEntry[]>
  /** Next free slot; 0 for a process not hosted here. */
  head(processId: string): number
  processes(): Iterable<string>
  /** `receivedMs`: when the item was taken in; undefined where it was not taken in here. */
  onScheduled(
    listener: (processId: string, slot: number, receivedMs: number | undefined) => void,
  ): void
}

export type SlotEvaluation = { readonly slot: number; readonly result: Result }

/** Durable results (structurally the compute unit). */
export type ResultPort = {
  /** At least one, where there is one; no more once they have `bytesMax`. */
  evaluations(
    processId: string,
    fromSlot: number,
    limit: number,
    bytesMax: number,
  ): Promise<SlotEvaluation[]>
  evaluatedHead(processId: string): number
  onEvaluated(listener: (processId: string, slot: number) => void): void
}

/** Certificates of blobs, newest first (structurally the wide lane's). */
export type BlobPort = { newest(limit: number): Promise<readonly Certificate[]> }

export type BlockPort = { tip(): { readonly height: number; readonly timestampMs: number } }

/** What the machine says of the node. Bytes. */
export type HostUse = {
  readonly memoryBytes: number
  readonly diskUsedBytes: number
  readonly diskFreeBytes: number
}

/** Slots of a log: `fromSlot` to `toSlot`, which is not of them. */
export type RangeListener = (processId: string, fromSlot: number, toSlot: number) => void

export type ExplorerDeps = {
  readonly log: LogPort
  readonly results: ResultPort
  readonly blocks: BlockPort
  /** Absent on nodes without a wide lane. */
  readonly blobs?: BlobPort | undefined
  /** Tells of slots of a log whose rows are with storers. */
  onPublished?(listener: RangeListener): void
  /** Tells of slots of a log that storers signed for, once their certificate is durable. */
  onCertified?(listener: RangeListener): void
  readonly runtime: Pick<Runtime, 'clock' | 'timer' | 'disk'>
  readonly engine: CryptoEngine
  /** Base URLs of the nodes this one was told of. */
  readonly peers: readonly string[]
  readonly fetch: typeof globalThis.fetch
  /** Folder with the built page. */
  readonly siteFolder: string
  /** Every route of the node as `GET /path`; the page shows what is there. */
  served(): readonly string[]
  hostUse(): Promise<HostUse>
  /** Told of a failure nobody waits for. */
  onFault(what: string, error: unknown): void
}
