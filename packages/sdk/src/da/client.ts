import {
  type Certificate,
  type StorerDirectoryJson,
  storerDirectoryFromJson,
} from '@heddle/protocol/certificate'
import { readObject, type Transport } from '../transport.ts'
import { type GetInput, getBlob, readBlob } from './get.ts'
import { type PublishedBlob, type PutData, type PutInput, putBlob } from './put.ts'
import { type BlobReference, parseReference } from './reference.ts'
import { type SampleInput, type SampleReport, sampleBlob } from './sample.ts'
import { createDaSource, type DaOptions } from './source.ts'
import { type AnyCertificate, type VerifiedBlob, verifyBlob } from './verify.ts'

/** What a node says of the wide lane. */
export type DaStatus = {
  readonly epoch: number
  /** Digest of the storer set that certificates name. */
  readonly storerSet: string
  /** How many storers there are. */
  readonly storers: number
  /** Whether this node takes blobs to publish. */
  readonly publishes: boolean
  /** How many certificates it keeps. */
  readonly certificates: number
  /** For each size of blob: k rows rebuild it, of n that there are. */
  readonly committees: readonly {
    readonly k: number
    readonly n: number
    readonly faultyRows: number
    readonly certificateRows: number
    readonly soundnessBits: number
  }[]
}

/** A storer set's file; with states where each storer was asked. */
export type StorersAnswer = StorerDirectoryJson & {
  readonly states?: readonly {
    readonly storer: string
    readonly isReachable: boolean
    readonly blobs?: number
    readonly rows?: number
    readonly heldBytes?: number
  }[]
}

/** The wide lane through one node. */
export type DaClient = {
  /** Publishes a blob; see `putBlob` for what is refused. */
  put(data: PutData, input?: PutInput): Promise<PublishedBlob>
  /** Its bytes as they come, each row checked here: no node is believed. See `getBlob`. */
  get(reference: string | BlobReference, input?: GetInput): AsyncGenerator<Uint8Array>
  /** The same, whole. */
  read(reference: string | BlobReference, input?: GetInput): Promise<Uint8Array>
  /** The certificate of a commitment, which holds where the client was given a storer set. */
  certificate(commitment: string, signal?: AbortSignal): Promise<Certificate>
  /** Tells the node a certificate it does not have, so that it can read the blob. */
  keep(certificate: Uint8Array, signal?: AbortSignal): Promise<void>
  /** Samples with chance of its own; see `SampleReport`. */
  sample(reference: string | AnyCertificate, input?: SampleInput): Promise<SampleReport>
  /** Checks a certificate against a storer set, here and asking nobody. */
  verify(certificate: AnyCertificate, storers: StorerDirectoryJson): Promise<VerifiedBlob>
  /** The epoch, the storer set and the committees of the node. */
  status(signal?: AbortSignal): Promise<DaStatus>
  /** The storer set as a file; with `states`, how each storer is. */
  storers(input?: { states?: boolean; signal?: AbortSignal }): Promise<StorersAnswer>
}

export function createDaClient(transport: Transport, options: DaOptions = {}): DaClient {
  const source = createDaSource(transport, options)
  return {
    certificate: (commitment, signal) => {
      return source.certificate(parseReference(commitment).commitment, signal)
    },
    put: (data, input = {}) => putBlob(transport, data, input),
    get: (reference, input = {}) => getBlob(source, reference, input),
    read: (reference, input = {}) => readBlob(source, reference, input),
    async keep(bytes, signal) {
      const body = new Uint8Array(bytes)
      await transport.post('/da/certificates', body, 'application/octet-stream', signal)
    },
    async sample(reference, input = {}) {
      return sampleBlob(source, await source.certificate(reference, input.signal), input)
    },
    verify: async (certificate, storers) => verifyBlob(certificate, storers),
    async status(signal) {
      return readObject(transport, await transport.get('/da/status', signal)) as DaStatus
    },
    async storers({ states = false, signal } = {}) {
      const path = states ? '/da/storers?state=1' : '/da/storers'
      const answer = readObject(transport, await transport.get(path, signal))
      storerDirectoryFromJson(answer)
      return answer as StorersAnswer
    },
  }
}
