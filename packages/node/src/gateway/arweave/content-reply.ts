import { encodeText } from '@heddle/protocol/base'
import type { RouteReply, RouteRequest } from '../../network/index.ts'
import { collect, type Data } from '../items/data.ts'
import { type ByteRange, readRange } from './range.ts'

/**
 * Anybody can publish content, so it gets no rights on this origin: `sandbox` gives a page an
 * origin of its own and no scripts; `nosniff` keeps a browser from taking it for anything but what
 * it says.
 */
export const sandboxHeaders = {
  'content-security-policy':
    "sandbox; default-src 'none'; img-src * data:; media-src * data:; style-src 'unsafe-inline'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'cross-origin',
}
/**
 * What stands between the parts of a reply to several ranges; content cannot imitate it by chance.
 */
const boundary = 'heddle-5f1c7a90d3b24e6ab8c1'

export type Content = {
  readonly data: Data
  readonly type: string
  readonly etag: string
  /** How long it may be kept by others; content of an id never changes. */
  readonly cacheControl: string
  /** SHA-256 of all of it, where it is known. */
  readonly digest?: Uint8Array | undefined
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Content as HTTP: validators, one range or several, streamed where it is not in memory. Throws what reading
 * its first bytes throws, so that what is gone or damaged is told by the status.
 */
export async function replyContent(content: Content, request: RouteRequest): Promise<RouteReply> {
  const { data, type, etag, cacheControl } = content
  const length = data.sizeBytes
  const headers = {
    ...sandboxHeaders,
    ...content.headers,
    'content-type': type,
    'cache-control': cacheControl,
    'accept-ranges': 'bytes',
    etag,
  }
  if (matches(request.headers['if-none-match'], etag)) return { status: 304, headers }
  const ifRange = request.headers['if-range']
  const asked = ifRange === undefined || ifRange === etag ? request.headers.range : undefined
  const wanted = readRange(asked, length)
  if (wanted.kind === 'beyond') {
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${length}` } }
  }
  const isHead = request.method === 'HEAD'
  if (wanted.kind === 'whole') {
    const digests = digestHeaders('content-digest', content)
    return await sized(200, { ...headers, ...digests }, data, { from: 0, to: length - 1 }, isHead)
  }
  // Of a part the digest of the whole is still worth telling, under its own name (RFC 9530).
  Object.assign(headers, digestHeaders('repr-digest', content))
  const [only, ...others] = wanted.parts
  if (only !== undefined && others.length === 0) {
    const contentRange = { 'content-range': rangeOf(only, length) }
    return await sized(206, { ...headers, ...contentRange }, data, only, isHead)
  }
  return await multipart(headers, data, wanted.parts, isHead)
}

function digestHeaders(name: string, { digest }: Content): Headers {
  if (digest === undefined) return {}
  return { [name]: `sha-256=:${Buffer.from(digest).toString('base64')}:` }
}

/** Replies are sent part by part, and none is kept. */
const sentOn = { reuse: true }

type Headers = Readonly<Record<string, string>>

async function sized(
  status: number,
  headers: Headers,
  data: Data,
  { from, to }: ByteRange,
  isHead: boolean,
): Promise<RouteReply> {
  const length = to + 1 - from
  const body = length === 0 ? undefined : await bodyOf(data, from, to + 1, isHead)
  return { status, headers: { ...headers, 'content-length': String(length) }, body }
}

async function bodyOf(data: Data, fromByte: number, toByte: number, isHead: boolean) {
  if (isHead) return await checkReadable(data, fromByte)
  return (
    data.bytes?.subarray(fromByte, toByte) ?? (await begin(data.read(fromByte, toByte, sentOn)))
  )
}

async function checkReadable(data: Data, at: number): Promise<undefined> {
  if (data.bytes === undefined) await collect(data, at, at + 1)
}

/** A stream whose first part is read already. */
async function begin(parts: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const iterator = parts[Symbol.asyncIterator]()
  let first: IteratorResult<Uint8Array> | undefined = await iterator.next()
  const begun: AsyncIterator<Uint8Array> = {
    async next() {
      const part = first ?? (await iterator.next())
      first = undefined
      return part
    },
    async return() {
      return (await iterator.return?.()) ?? { done: true, value: undefined }
    },
  }
  return { [Symbol.asyncIterator]: () => begun }
}

/** `multipart/byteranges`, RFC 9110 §14.6. */
async function multipart(
  headers: Headers & { readonly 'content-type': string },
  data: Data,
  ranges: readonly ByteRange[],
  isHead: boolean,
): Promise<RouteReply> {
  const parts = ranges.map((range) => {
    const contentRange = rangeOf(range, data.sizeBytes)
    const type = headers['content-type']
    const lines = [`--${boundary}`, `content-type: ${type}`, `content-range: ${contentRange}`]
    return { range, head: encodeText(`\r\n${lines.join('\r\n')}\r\n\r\n`) }
  })
  const end = encodeText(`\r\n--${boundary}--\r\n`)
  const length = parts.reduce(
    (sum, { range, head }) => sum + head.length + range.to + 1 - range.from,
    end.length,
  )
  const start = ranges[0]?.from ?? 0
  await checkReadable(data, start)
  async function* body() {
    for (const { range, head } of parts) {
      yield head
      yield* data.read(range.from, range.to + 1, sentOn)
    }
    yield end
  }
  const replyHeaders = {
    ...headers,
    'content-type': `multipart/byteranges; boundary=${boundary}`,
    'content-length': String(length),
  }
  return { status: 206, headers: replyHeaders, body: isHead ? undefined : body() }
}

function rangeOf({ from, to }: ByteRange, length: number): string {
  return `bytes ${from}-${to}/${length}`
}

/** Weak comparison, as `If-None-Match` wants it (RFC 9110 §13.1.2). */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}
