import { decodeBase64Url, encodeBase64Url, isHeddleError } from '@heddle/protocol/base'
import { portableCrypto, type StreamHash } from '@heddle/protocol/crypto'
import { createItemHeader, type Signer, type Tag } from '@heddle/protocol/item'
import { answerUnexpected } from '../errors.ts'
import { readObject, type Transport } from '../transport.ts'
import { partBytesInvalid, uploadForged } from './errors.ts'

/** Where an upload in parts stands: plain data, to be kept by whoever wants to go on later. */
export type UploadState = {
  readonly version: 1
  /** Id that the item will have. */
  readonly id: string
  /** All of the item before its data, signed. Base64url. */
  readonly header: string
  readonly sizeBytes: number
  readonly partBytes: number
  /** The node's name for it; a secret between the two. */
  readonly uploadId: string
  /** Numbers of the parts the node has. */
  readonly done: readonly number[]
}

/** How far an upload is: it is read once to be signed, and once to be sent. */
export type UploadProgress = {
  readonly phase: 'hashing' | 'sending'
  readonly doneBytes: number
  readonly sizeBytes: number
}

export type PartsInput = {
  readonly tags: readonly Tag[]
  readonly signal?: AbortSignal | undefined
  /** Bytes sent at once; 5 MiB unless told. */
  readonly partBytes?: number | undefined
  readonly resume?: UploadState | undefined
  readonly onProgress?: ((progress: UploadProgress) => void) | undefined
  readonly onState?: ((state: UploadState) => void | Promise<void>) | undefined
}

export type PartsDeps = {
  readonly transport: Transport
  readonly signer: Signer
  readonly startSha384: () => StreamHash
}

const partBytesDefault = 5 * 1024 * 1024
const partBytesMax = 500 * 1024 * 1024
/** Parts on their way at one time. */
const parallel = 3

/**
 * Uploads data of any size as one signed item, in parts; resolves with its id once it is durable. The
 * data is read twice: to sign it, and to send it. `resume` goes on with the parts that are missing; where
 * the node forgot the upload, all is sent again under the same signature.
 */
export async function uploadParts(deps: PartsDeps, data: Blob, input: PartsInput): Promise<string> {
  const { resume } = input
  const isSame = resume?.version === 1 && resume.sizeBytes === data.size
  if (isSame) {
    try {
      return await send(deps, data, resume, input)
    } catch (error) {
      if (!isHeddleError(error, 'upload-unknown')) throw error
      const { uploadId } = await begin(deps, resume.partBytes, input.signal)
      return await send(deps, data, { ...resume, uploadId, done: [] }, input)
    }
  }
  const partBytes = input.partBytes ?? partBytesDefault
  if (!Number.isInteger(partBytes) || partBytes < 1 || partBytes > partBytesMax) {
    throw partBytesInvalid(partBytes)
  }
  const { id, bytes } = await signData(deps, data, input)
  const { uploadId } = await begin(deps, partBytes, input.signal)
  const header = encodeBase64Url(bytes)
  const sizeBytes = data.size
  const state = { version: 1, id, header, sizeBytes, partBytes, uploadId, done: [] } as const
  await input.onState?.(state)
  return await send(deps, data, state, input)
}

async function signData(
  { signer, startSha384 }: PartsDeps,
  data: Blob,
  { tags, signal, onProgress }: PartsInput,
) {
  const hash = startSha384()
  const sizeBytes = data.size
  let doneBytes = 0
  const reader = data.stream().getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    signal?.throwIfAborted()
    hash.update(read.value)
    doneBytes += read.value.length
    onProgress?.({ phase: 'hashing', doneBytes, sizeBytes })
  }
  const digested = { sizeBytes, sha384: hash.digest() }
  return createItemHeader({ tags }, digested, signer, portableCrypto)
}

async function begin(
  { transport }: PartsDeps,
  partBytes: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly uploadId: string }> {
  const answer = await transport.get(`/v1/chunks/-1/-1?chunkSize=${partBytes}`, signal)
  const { id } = readObject(transport, answer)
  if (typeof id !== 'string' || !/^[\w-]{1,128}$/.test(id)) {
    throw answerUnexpected(transport.url, 'the name of an upload')
  }
  return { uploadId: id }
}

async function send(
  { transport }: PartsDeps,
  data: Blob,
  start: UploadState,
  { signal, onProgress, onState }: PartsInput,
): Promise<string> {
  const header = decodeBase64Url(start.header) ?? new Uint8Array(0)
  const whole = new Blob([new Uint8Array(header), data])
  const path = `/v1/chunks/${start.uploadId}`
  const done = new Set(start.done)
  const count = Math.ceil(whole.size / start.partBytes)
  const waiting = Array.from({ length: count }, (_, part) => part).filter((part) => !done.has(part))
  const partSize = (part: number) => Math.min(start.partBytes, whole.size - part * start.partBytes)
  const tell = () => {
    const sentBytes = [...done].reduce((sum, part) => sum + partSize(part), 0)
    const doneBytes = Math.max(0, sentBytes - header.length)
    onProgress?.({ phase: 'sending', doneBytes, sizeBytes: data.size })
  }
  const sender = async () => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      const offset = part * start.partBytes
      // Not read here: `fetch` copies bytes it is given, and streams a blob.
      const body = whole.slice(offset, offset + partSize(part))
      await transport.post(`${path}/${offset}`, body, 'application/octet-stream', signal)
      done.add(part)
      tell()
      await onState?.({ ...start, done: [...done] })
    }
  }
  const senders = Array.from({ length: parallel }, sender)
  try {
    await Promise.all(senders)
  } catch (error) {
    // The others end with the part they are at.
    waiting.length = 0
    await Promise.allSettled(senders)
    throw error
  }
  const none = new Uint8Array(0)
  const type = 'application/octet-stream'
  const receipt = readObject(
    transport,
    await transport.post(`${path}/finalize`, none, type, signal),
  )
  if (receipt.id !== start.id) throw uploadForged(start.id, transport.url)
  return start.id
}
