import type { Certificate, StorerDirectoryJson } from '@heddle/protocol/certificate'
import type { CommitteeBounds } from '@heddle/protocol/params'
import type { Clock, Timer } from '../../runtime/index.ts'
import type { Lane } from '../lane/lane.ts'
import type { Retriever } from '../retriever/retriever.ts'

/** What became of a storer's part while a blob was published. */
export type StorerReport = {
  readonly storer: string
  readonly rows: number
  readonly state: 'signed' | 'pending' | 'failed' | 'lied'
  readonly fault: string
}

export type Published = {
  readonly certificate: Certificate
  /** Where the bytes are in the certified blob: small ones are packed together with others. */
  readonly fromByte: number
  readonly toByte: number
  readonly storers: readonly StorerReport[]
}

/** Encodes, disperses and certifies; rejects where too few rows are signed for. */
export type Publisher = {
  /** `retentionSeconds` from now; 0 for ever. */
  publish(
    parts: readonly Uint8Array[],
    options: { readonly retentionSeconds: number },
  ): Promise<Published>
}

/** Certificates by commitment. */
export type CertificateStore = {
  /** Durable when it resolves. */
  keep(certificate: Certificate): Promise<void>
  /** By base64url; the one that lasts longest. */
  find(commitment: string): Promise<Certificate | undefined>
  count(): number
  /** All, each once. */
  all(): AsyncIterable<Certificate>
  /** The newest, newest first, at most `limit`. */
  newest(limit: number): Promise<Certificate[]>
}

export type StorerState = {
  readonly storer: string
  readonly isReachable: boolean
  readonly blobs?: number
  readonly rows?: number
  readonly heldBytes?: number
  readonly capacityBytes?: number
}

/** What the routes of `/da` lean on. */
export type DaDeps = {
  readonly publisher: Publisher | undefined
  readonly certificates: CertificateStore
  readonly retriever: Retriever
  readonly lane: Lane
  /** Throws where a certificate does not hold against the storer set of its epoch. */
  readonly verify: (certificate: Certificate) => void
  readonly directory: () => StorerDirectoryJson
  readonly timer: Pick<Timer, 'after'>
  readonly clock: Pick<Clock, 'nowMs'>
}

export type DaStatus = {
  readonly epoch: number
  readonly storerSet: string
  readonly storers: number
  readonly publishes: boolean
  readonly certificates: number
  readonly committees: readonly (CommitteeBounds & { readonly k: number })[]
}
