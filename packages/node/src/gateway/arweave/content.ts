import { type Item, tagValue } from '@heddle/protocol/item'
import type { Route, RouteReply, RouteRequest } from '../../network/index.ts'
import { itemUnknown } from '../errors.ts'
import type { ItemStore } from '../items/store.ts'
import { idPattern } from './id-path.ts'
import { readRange } from './range.ts'

/**
 * Anybody can publish content, so it gets no rights on this origin: `sandbox` gives a page an
 * origin of its own and no scripts; `nosniff` keeps a browser from taking it for anything but what
 * it says.
 */
const sandboxHeaders = {
  'content-security-policy':
    "sandbox; default-src 'none'; img-src * data:; media-src * data:; style-src 'unsafe-inline'",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'cross-origin',
}
/** The id is a hash of a signature over the content, so content of an id never changes. */
const cacheControl = 'public, max-age=31536000, immutable'
const opaqueType = 'application/octet-stream'

/** Data of an item at `/:id` and `/raw/:id`, the whole signed item at `/item/:id`. */
export function contentRoutes(store: ItemStore): Route[] {
  const serve = (read: (item: Item) => Content) => async (request: RouteRequest) => {
    const id = request.params.id ?? ''
    const item = await store.item(id)
    if (item === undefined) throw itemUnknown(id)
    return replyContent(read(item), request)
  }
  const paths: [path: string, handle: Route['handle']][] = [
    [`/:id(${idPattern})`, serve(dataOf)],
    [`/raw/:id(${idPattern})`, serve(dataOf)],
    [`/item/:id(${idPattern})`, serve(signedItem)],
  ]
  return paths.flatMap(([path, handle]): Route[] => [
    { method: 'HEAD', path, handle },
    { method: 'GET', path, handle },
  ])
}

type Content = { readonly bytes: Uint8Array; readonly type: string; readonly etag: string }

function dataOf(item: Item): Content {
  const type = contentType(tagValue(item.tags, 'Content-Type'))
  return { bytes: item.data, type, etag: `"${item.id}"` }
}

function signedItem(item: Item): Content {
  return { bytes: item.bytes, type: opaqueType, etag: `"${item.id}.item"` }
}

/** A type as its author wrote it, unless it is not a media type at all. */
function contentType(given: string | undefined): string {
  const known = given !== undefined && given.length <= 255
  return known && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(;[\x20-\x7e]*)?$/.test(given) ? given : opaqueType
}

function replyContent({ bytes, type, etag }: Content, request: RouteRequest): RouteReply {
  const headers = {
    ...sandboxHeaders,
    'content-type': type,
    'cache-control': cacheControl,
    'accept-ranges': 'bytes',
    etag,
  }
  if (matches(request.headers['if-none-match'], etag)) return { status: 304, headers }
  const ifRange = request.headers['if-range']
  const wanted = ifRange === undefined || ifRange === etag ? request.headers.range : undefined
  const range = readRange(wanted, bytes.length)
  if (range.kind === 'beyond') {
    return { status: 416, headers: { ...headers, 'content-range': `bytes */${bytes.length}` } }
  }
  const part = range.kind === 'part' ? bytes.subarray(range.from, range.to + 1) : bytes
  const sized = { ...headers, 'content-length': String(part.length) }
  const body = request.method === 'HEAD' ? undefined : part
  if (range.kind === 'whole') return { status: 200, headers: sized, body }
  const contentRange = `bytes ${range.from}-${range.to}/${bytes.length}`
  return { status: 206, headers: { ...sized, 'content-range': contentRange }, body }
}

/** Weak comparison, as `If-None-Match` wants it (RFC 9110 §13.1.2). */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes(etag) || tags.includes('*')
}
