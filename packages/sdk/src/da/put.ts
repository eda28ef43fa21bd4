import { type CertificateJson, certificateFromJson } from '@heddle/protocol/certificate'
import { answerUnexpected } from '../errors.ts'
import { isObject, type Transport } from '../transport.ts'
import { type Retention, retentionText } from './retention.ts'

/** Bytes to publish. A stream is sent as it comes; browsers send it whole. */
export type PutData =
  | Uint8Array
  | string
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>

/** How long a blob is kept, and who hears of its way. */
export type PutInput = {
  readonly retention?: Retention
  readonly signal?: AbortSignal
  /** Hears how many bytes have left, while they do. */
  readonly onProgress?: (sentBytes: number) => void
}

/** A storer of the committee that did not do its part; enough others did. */
export type StorerFailure = {
  readonly storer: string
  /** How many rows were its own. */
  readonly rows: number
  readonly state: string
  readonly fault: string
}

/** Where the bytes are, and the certificate that says so. */
export type PublishedBlob = {
  readonly commitment: string
  /** Where the bytes lie in the certified blob: small ones are packed together with others. */
  readonly fromByte: number
  readonly toByte: number
  readonly certificate: CertificateJson
  /** The certificate's compact bytes, base64url. */
  readonly compact: string
  /** Storers that did not do their part; enough others did. */
  readonly faults: readonly StorerFailure[]
}

const chunkBytes = 256 * 1024

/**
 * Publishes one blob; resolves with its certificate. Rejects with `da-not-certified` where too few storers
 * took their rows, `da-blob-too-large`, `da-blob-empty`, or what the node refused.
 */
export async function putBlob(
  transport: Transport,
  data: PutData,
  { retention, signal, onProgress }: PutInput,
): Promise<PublishedBlob> {
  const query = retention === undefined ? '' : `?retention=${retentionText(retention)}`
  const response = await transport.open(`/da/blobs${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', accept: 'application/json' },
    ...bodyOf(data, onProgress),
    ...(signal === undefined ? {} : { signal }),
  })
  const answer: unknown = await response.json().catch(() => undefined)
  if (!isPublished(answer)) throw answerUnexpected(transport.url, 'a certificate')
  // Form and commitment are checked here; signatures by `verify`, which takes the storer set.
  certificateFromJson(answer.certificate)
  return answer
}

function isPublished(answer: unknown): answer is PublishedBlob {
  return (
    isObject(answer) &&
    typeof answer.fromByte === 'number' &&
    typeof answer.toByte === 'number' &&
    isObject(answer.certificate) &&
    answer.certificate.commitment === answer.commitment &&
    Array.isArray(answer.faults)
  )
}

/** What fetch takes as a body; one that is watched or endless is a stream. */
function bodyOf(data: PutData, onProgress: PutInput['onProgress']): RequestInit {
  if (typeof data === 'string') return { body: data }
  if (data instanceof Uint8Array && onProgress === undefined) return { body: new Uint8Array(data) }
  if (data instanceof Blob && onProgress === undefined) return { body: data }
  const body = streamOf(data instanceof Blob ? data.stream() : data, onProgress)
  // The standard asks for it where a body is a stream; the library of types does not know it yet.
  const half: Record<string, unknown> = { duplex: 'half' }
  return { body, ...half }
}

function streamOf(
  data: Uint8Array | AsyncIterable<Uint8Array>,
  onProgress: PutInput['onProgress'] = () => {},
): ReadableStream<Uint8Array> {
  const parts = (data instanceof Uint8Array ? chunksOf(data) : data)[Symbol.asyncIterator]()
  let sentBytes = 0
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next()
      if (done) return controller.close()
      controller.enqueue(value)
      sentBytes += value.length
      onProgress(sentBytes)
    },
    async cancel() {
      await parts.return?.()
    },
  })
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}
