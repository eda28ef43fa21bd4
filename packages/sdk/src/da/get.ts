import { concatBytes } from '@heddle/protocol/base'
import { answerCut } from '../errors.ts'
import type { Transport } from '../transport.ts'
import { blobCut } from './errors.ts'
import { type BlobReference, parseReference } from './reference.ts'

export type GetInput = {
  readonly signal?: AbortSignal
  /** Hears how many bytes have come and how many there will be. */
  readonly onProgress?: (gotBytes: number, totalBytes: number) => void
}

/**
 * The bytes of a blob as they come. A node that cannot find enough rows breaks off; then this throws
 * `da-blob-cut` or `answer-cut`, and never ends as if all had come.
 */
export async function* getBlob(
  transport: Transport,
  reference: string | BlobReference,
  { signal, onProgress = () => {} }: GetInput,
): AsyncGenerator<Uint8Array> {
  const { commitment, fromByte = 0, toByte } = parseReference(reference)
  const last = toByte === undefined ? '' : String(toByte - 1)
  const isPart = fromByte > 0 || toByte !== undefined
  const response = await transport.open(`/da/blobs/${commitment}`, {
    headers: isPart ? { range: `bytes=${fromByte}-${last}` } : {},
    ...(signal === undefined ? {} : { signal }),
  })
  const totalBytes = Number(response.headers.get('content-length') ?? Number.NaN)
  const reader = response.body?.getReader()
  let gotBytes = 0
  try {
    for (;;) {
      const read = await reader?.read().catch((cause: unknown) => {
        throw signal?.aborted ? cause : answerCut(transport.url, cause)
      })
      if (read === undefined || read.done) break
      gotBytes += read.value.length
      onProgress(gotBytes, totalBytes)
      yield read.value
    }
  } finally {
    await reader?.cancel().catch(() => undefined)
  }
  const wanted = toByte === undefined ? totalBytes : toByte - fromByte
  const isWhole =
    gotBytes === totalBytes && (!isPart || response.status === 206 || wanted === gotBytes)
  if (!isWhole) throw blobCut(commitment, gotBytes, wanted)
}

/** A whole blob in memory. */
export async function readBlob(
  transport: Transport,
  reference: string | BlobReference,
  input: GetInput,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of getBlob(transport, reference, input)) parts.push(part)
  return concatBytes(parts)
}
