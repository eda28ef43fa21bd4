import type { Certificate } from '@heddle/protocol/certificate'
import type { Item } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'
import type { OrderedLog } from '../../journal/index.ts'
import type { Runtime } from '../../runtime/index.ts'
import type { CertificateStore, Publisher } from '../http/ports.ts'

/** Logs of processes, durable here. */
export type ProcessLogs = {
  entries(processId: string, fromSlot: number, limit: number): Promise<LogEntry[]>
  head(processId: string): number
  processes(): Iterable<string>
  onScheduled(listener: (processId: string, slot: number) => void): void
}

export type LogCertifierDeps = {
  readonly log: ProcessLogs
  readonly publisher: {
    publish(
      parts: readonly Uint8Array[],
      options: Parameters<Publisher['publish']>[1],
    ): Promise<{
      readonly certificate: Certificate
      readonly fromByte: number
      readonly toByte: number
    }>
  }
  /** So that blobs of logs can be read, sampled and repaired like others. */
  readonly certificates: Pick<CertificateStore, 'keep'>
  /** One log per process: the records of its ranges. */
  readonly journal: Pick<OrderedLog, 'append' | 'read' | 'head'>
  /** Of the claim this room writes under. */
  readonly epoch: number
  readonly runtime: Pick<Runtime, 'timer'>
  /** Tells whether a spawn asks for certificates. */
  asks(spawn: Item): boolean
  /** Told of each range once storers have its rows and signed for them; `toSlot` is not of it. */
  onPublished?(processId: string, fromSlot: number, toSlot: number): void
  /** Told of each range once its certificate is durable. */
  onCertified?(processId: string, fromSlot: number, toSlot: number): void
  warn(fields: Readonly<Record<string, unknown>>, text: string): void
}
