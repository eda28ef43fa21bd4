import { encodeText, HeddleError, toHex } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { createItem, type Item, type ItemDraft, type Signer, type Tag } from '@heddle/protocol/item'
import type { Result } from '@heddle/protocol/message'
import { type ReadResult, readResult } from './result.ts'
import type { Transport } from './transport.ts'

export type TagInput = Readonly<Record<string, string>> | readonly Tag[]

export type MessageInput = {
  readonly action?: string
  readonly tags?: TagInput
  readonly data?: string | Uint8Array
  readonly signal?: AbortSignal
}

/** A message's result, its id and its slot. */
export type SlotResult = ReadResult & { readonly id: string; readonly slot: number }

/** A process as a client sees it. */
export type ProcessHandle = {
  readonly id: string
  /** Sends a message and waits for its result. A process's own `Error` is in `error`, not thrown. */
  send(message: MessageInput): Promise<SlotResult>
  /** Asks without leaving a trace (a dry-run). */
  read(message: MessageInput): Promise<ReadResult>
  /** Result of a message by its id. */
  result(messageId: string, signal?: AbortSignal): Promise<ReadResult>
  /** Starts the process's cron (`Cron-Interval` tags) at the messenger; only its owner may. */
  monitor(signal?: AbortSignal): Promise<void>
  /** Stops the process's cron. */
  unmonitor(signal?: AbortSignal): Promise<void>
}

export function tagList(tags: TagInput = {}): Tag[] {
  if (Array.isArray(tags)) return [...tags]
  return Object.entries(tags).map(([name, value]) => ({ name, value: String(value) }))
}

export function dataBytes(data: string | Uint8Array | undefined): Uint8Array {
  if (data === undefined || data.length === 0) return encodeText(' ')
  return typeof data === 'string' ? encodeText(data) : data
}

function messageTags({ action, tags }: MessageInput): Tag[] {
  const own = action === undefined ? [] : [{ name: 'Action', value: action }]
  return [...own, ...tagList(tags), ...protocolTags('Message')]
}

/** The tags every AO item ends with. */
export function protocolTags(type: 'Message' | 'Process' | 'Module'): Tag[] {
  return [
    { name: 'Data-Protocol', value: 'ao' },
    { name: 'Variant', value: 'ao.TN.1' },
    { name: 'Type', value: type },
  ]
}

export function signerMissing(): HeddleError {
  const text = 'this needs a signature: pass `signer` to createClient, or --wallet to the command'
  return new HeddleError('signer-missing', 'invalid', text)
}

/**
 * 32 characters that set an item apart: the same words signed twice with a deterministic key (Ed25519)
 * would else be one item with one id, and the second would be dropped as a repeat.
 */
function newAnchor(): Uint8Array {
  return encodeText(toHex(globalThis.crypto.getRandomValues(new Uint8Array(16))))
}

/** Signs and posts an item to the messenger; returns its id once it has a durable slot. */
export async function postItem(
  transport: Transport,
  signer: Signer | undefined,
  draft: ItemDraft,
  signal?: AbortSignal,
): Promise<string> {
  const item = await signItem(signer, draft)
  const body = new Uint8Array(item.bytes)
  await transport.post('/mu/', body, 'application/octet-stream', signal)
  return item.id
}

function signItem(signer: Signer | undefined, draft: ItemDraft): Promise<Item> {
  if (signer === undefined) throw signerMissing()
  return createItem({ ...draft, anchor: newAnchor() }, signer, portableCrypto)
}

async function fetchResult(
  transport: Transport,
  id: string,
  process: string,
  signal?: AbortSignal,
) {
  const response = await transport.get(`/cu/result/${id}?process-id=${process}`, signal)
  const slot = Number(response.headers.get('x-heddle-slot') ?? Number.NaN)
  return { slot, ...readResult((await response.json()) as Result) }
}

export function createProcess(
  transport: Transport,
  signer: Signer | undefined,
  id: string,
): ProcessHandle {
  return {
    id,
    async send(message) {
      const draft = { target: id, tags: messageTags(message), data: dataBytes(message.data) }
      const messageId = await postItem(transport, signer, draft, message.signal)
      const result = await fetchResult(transport, messageId, id, message.signal)
      return { id: messageId, ...result }
    },
    async read(message) {
      const data = typeof message.data === 'string' ? message.data : ''
      const body = {
        Id: '0',
        Owner: '0',
        Anchor: '0',
        Target: id,
        Data: data,
        Tags: messageTags(message),
      }
      const path = `/cu/dry-run?process-id=${id}`
      const json = JSON.stringify(body)
      const response = await transport.post(path, json, 'application/json', message.signal)
      return readResult((await response.json()) as Result)
    },
    result: (messageId, signal) => fetchResult(transport, messageId, id, signal),
    async monitor(signal) {
      const { bytes } = await signItem(signer, { target: id, data: dataBytes(undefined) })
      const body = new Uint8Array(bytes)
      await transport.post(`/mu/monitor/${id}`, body, 'application/octet-stream', signal)
    },
    async unmonitor(signal) {
      const { bytes } = await signItem(signer, { target: id, data: dataBytes(undefined) })
      await transport.delete(`/mu/monitor/${id}`, new Uint8Array(bytes), signal)
    },
  }
}
