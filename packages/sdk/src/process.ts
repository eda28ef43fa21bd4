import { decodeTextStrict, isHeddleError, isId } from '@heddle/protocol/base'
import type { Signer, Tag } from '@heddle/protocol/item'
import * as errors from './errors.ts'
import { postItem, signItem } from './post.ts'
import { type ReadResult, readResult } from './result.ts'
import { fetchResults, type PageInput, type ResultsPage } from './results-page.ts'
import { signerAddress } from './signers.ts'
import { dataBytes, protocolTags, type TagInput, tagList } from './tags.ts'
import { postBytes, readObject, type Transport } from './transport.ts'

/** What a message says. */
export type MessageInput = {
  /** The tag `Action`, by which most handlers are found. */
  readonly action?: string
  readonly tags?: TagInput
  /** Text or bytes; a dry-run takes text only. */
  readonly data?: string | Uint8Array
  readonly signal?: AbortSignal
}

/** What a dry-run asks. */
export type ReadInput = MessageInput & {
  /** In whose name to ask; the client's signer unless told. Nothing remains, so nobody checks it. */
  readonly owner?: string
}

/** A message's result, its id and its slot. */
export type SlotResult = ReadResult & { readonly id: string; readonly slot: number }

/** A process as a client sees it. */
export type ProcessHandle = {
  /** Id of the item that spawned it. */
  readonly id: string
  /**
   * Sends a message and waits for its result. The process's own `Error` is in `error`, not thrown. What
   * goes wrong once the message has its slot is thrown with the message's id in `details.itemId`.
   */
  send(message: MessageInput): Promise<SlotResult>
  /** Sends a message; resolves with its id as soon as its slot is durable. */
  post(message: MessageInput): Promise<string>
  /** Asks without leaving a trace (a dry-run). */
  read(message: ReadInput): Promise<ReadResult>
  /** Result of a message by its id; waits until it is evaluated. */
  result(messageId: string, signal?: AbortSignal): Promise<SlotResult>
  /** Results by slot, a page at a time. */
  results(page?: PageInput): Promise<ResultsPage>
  /** Starts the process's cron (`Cron-Interval` tags) at the messenger; only its owner may. */
  monitor(signal?: AbortSignal): Promise<void>
  /** Stops the process's cron. */
  unmonitor(signal?: AbortSignal): Promise<void>
}

/** A node waits a minute for a result before it says `evaluation-pending`. */
const pendingAsksMax = 10
/** Who asks where there is no signer. */
const nobody = '0'

/** Throws `id-invalid`. */
export function createProcess(
  transport: Transport,
  signer: Signer | undefined,
  id: string,
): ProcessHandle {
  if (!isId(id)) throw errors.idInvalid('process', id)
  const post = (message: MessageInput) => {
    const draft = { target: id, tags: messageTags(message), data: dataBytes(message.data) }
    return postItem(transport, signer, draft, message.signal)
  }
  const order = () => signItem(signer, { target: id, data: dataBytes(undefined) })
  return {
    id,
    post,
    async send(message) {
      const messageId = await post(message)
      return scheduledResult(transport, id, messageId, message.signal)
    },
    read: (message) => dryRun(transport, id, defaultOwner(signer), message),
    async result(messageId, signal) {
      if (!isId(messageId)) throw errors.idInvalid('message', messageId)
      return fetchResult(transport, id, messageId, signal)
    },
    results: (page = {}) => fetchResults(transport, id, page),
    async monitor(signal) {
      const { bytes } = await order()
      await postBytes(transport, `/mu/monitor/${id}`, bytes, signal)
    },
    async unmonitor(signal) {
      const { bytes } = await order()
      await transport.delete(`/mu/monitor/${id}`, new Uint8Array(bytes), signal)
    },
  }
}

/** The result of what has just been scheduled; see `afterPost` for what is thrown. */
export function scheduledResult(
  transport: Transport,
  processId: string,
  itemId: string,
  signal?: AbortSignal,
): Promise<SlotResult> {
  return fetchResult(transport, processId, itemId, signal).catch((error) => {
    throw errors.afterPost(itemId, error)
  })
}

async function fetchResult(
  transport: Transport,
  processId: string,
  id: string,
  signal?: AbortSignal,
): Promise<SlotResult> {
  const path = `/cu/result/${id}?process-id=${processId}`
  for (let asks = 1; ; asks++) {
    try {
      const answer = await transport.get(path, signal)
      const slot = Number(answer.headers.get('x-heddle-slot') ?? Number.NaN)
      return { id, slot, ...readResult(readObject(transport, answer)) }
    } catch (error) {
      if (asks >= pendingAsksMax || !isHeddleError(error, 'evaluation-pending')) throw error
    }
  }
}

async function dryRun(
  transport: Transport,
  processId: string,
  signerAddress: string,
  message: ReadInput,
): Promise<ReadResult> {
  const { data = '', owner = signerAddress, signal } = message
  const text = typeof data === 'string' ? data : decodeTextStrict(data)
  if (text === undefined) throw errors.dataNotText()
  const body = {
    Id: '0',
    Owner: owner,
    Anchor: '0',
    Target: processId,
    Data: text,
    Tags: messageTags(message),
  }
  const path = `/cu/dry-run?process-id=${processId}`
  const answer = await transport.post(path, JSON.stringify(body), 'application/json', signal)
  return readResult(readObject(transport, answer))
}

function defaultOwner(signer: Signer | undefined): string {
  return signer === undefined ? nobody : signerAddress(signer)
}

function messageTags({ action, tags }: MessageInput): Tag[] {
  const own = action === undefined ? [] : [{ name: 'Action', value: action }]
  return [...own, ...tagList(tags), ...protocolTags('Message')]
}
