import { statusOfKind } from '@heddle/protocol/api'
import { decodeText, type ErrorKind, HeddleError } from '@heddle/protocol/base'
import * as errors from './errors.ts'

export type Fetch = typeof globalThis.fetch

/** What a node answered, whole. */
export type Answer = {
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
  /** The body as JSON. Throws `answer-unexpected`. */
  json(): unknown
}

/**
 * How requests reach one node; paths begin with `/`. Rejects with what the node refused (its own code
 * and words), `node-unreachable`, `answer-cut`, `answer-too-large`, or the reason of an aborted signal.
 */
export type Transport = {
  /** Base URL, without a slash at its end. */
  readonly url: string
  /** The answer to a GET, whole. */
  get(path: string, signal?: AbortSignal): Promise<Answer>
  /** The answer to a POST, whole. */
  post(path: string, body: BodyInit, contentType: string, signal?: AbortSignal): Promise<Answer>
  /** The answer to a DELETE, whole. */
  delete(path: string, body: BodyInit, signal?: AbortSignal): Promise<Answer>
  /** The answer as it comes, of any length; a refusal is thrown as by the others. */
  open(path: string, init: RequestInit): Promise<Response>
}

/** Above every answer of a node: a page of results has 31 MiB at most, an item 16. */
const answerBytesMax = 64 * 1024 * 1024
/** Of a refusal that is not in our shape, e.g. a proxy's page. */
const refusalLength = 200
const itemType = 'application/octet-stream'

const kindOfStatus: Readonly<Record<number, ErrorKind>> = {
  ...Object.fromEntries(Object.entries(statusOfKind).map(([kind, status]) => [status, kind])),
  401: 'denied',
  408: 'unavailable',
  413: 'invalid',
}

export function createTransport(url: string, fetch: Fetch): Transport {
  const base = baseUrl(url)
  const readWhole = (response: Response, { signal }: RequestInit) =>
    readBody(response, base).catch((cause) => {
      if (signal?.aborted || cause instanceof HeddleError) throw cause
      throw errors.answerCut(base, cause)
    })
  const open = async (path: string, init: RequestInit): Promise<Response> => {
    const response = await fetch(base + path, init).catch((cause) => {
      throw init.signal?.aborted ? cause : errors.nodeUnreachable(base, cause)
    })
    if (response.ok) return response
    throw refusal(base, response, decodeText(await readWhole(response, init)))
  }
  const request = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await open(path, init)
    const body = await readWhole(response, init)
    return { headers: response.headers, body, json: () => parseJson(base, body) }
  }
  const send = (
    method: string,
    path: string,
    type: string,
    body: BodyInit,
    signal?: AbortSignal,
  ) => {
    const headers = { 'content-type': type, accept: 'application/json' }
    return request(path, { method, body, headers, ...withSignal(signal) })
  }
  return {
    url: base,
    open,
    get: (path, signal) => request(path, withSignal(signal)),
    post: (path, body, type, signal) => send('POST', path, type, body, signal),
    delete: (path, body, signal) => send('DELETE', path, itemType, body, signal),
  }
}

/** Posts a signed item. */
export function postBytes(
  transport: Transport,
  path: string,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<Answer> {
  return transport.post(path, new Uint8Array(bytes), itemType, signal)
}

/** The JSON object of an answer. Throws `answer-unexpected`. */
export function readObject({ url }: Transport, answer: Answer): Record<string, unknown> {
  const value = answer.json()
  if (!isObject(value)) throw errors.answerUnexpected(url, 'a JSON object')
  return value
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isBase = url !== undefined && /^https?:$/.test(url.protocol) && !/[?#]/.test(text)
  if (!isBase) throw errors.urlInvalid(text)
  return url.href.replace(/\/+$/, '')
}

function withSignal(signal?: AbortSignal) {
  return signal === undefined ? {} : { signal }
}

async function readBody(response: Response, url: string): Promise<Uint8Array<ArrayBuffer>> {
  const reader = response.body?.getReader()
  if (reader === undefined) return new Uint8Array(0)
  const parts: Uint8Array[] = []
  let length = 0
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    parts.push(read.value)
    length += read.value.length
    if (length > answerBytesMax) {
      await reader.cancel()
      throw errors.answerTooLarge(url, answerBytesMax)
    }
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** What a node refused, as an error with the node's own code and words. */
function refusal(url: string, { status, statusText }: Response, text: string): HeddleError {
  const kind = kindOfStatus[status] ?? (status < 500 ? 'invalid' : 'unavailable')
  const body = parseObject(text)
  if (body?.error === undefined) {
    const told = text.trim().slice(0, refusalLength) || statusText
    return errors.nodeRefused(kind, `${url} answered ${status}: ${told}`, { url, status })
  }
  const told = typeof body.error === 'string' ? body.error : JSON.stringify(body.error)
  const code = typeof body.code === 'string' ? { code: body.code } : {}
  return errors.nodeRefused(kind, told, { url, status, ...code })
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function parseJson(url: string, body: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(body))
  } catch {
    throw errors.answerUnexpected(url, 'JSON')
  }
}
