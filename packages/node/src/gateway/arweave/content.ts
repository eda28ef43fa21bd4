import { encodeBase64Url } from '@heddle/protocol/base'
import { tagValue } from '@heddle/protocol/item'
import type { Route, RouteReply, RouteRequest } from '../../network/index.ts'
import { dataMissing, itemUnknown, manifestPathUnknown } from '../errors.ts'
import { collect, type Data } from '../items/data.ts'
import type { Holding } from '../items/holding.ts'
import type { ItemStore } from '../items/store.ts'
import { heldTransactionItem } from '../items/transaction-item.ts'
import type { DataStore, ItemsDeps } from '../ports.ts'
import { contentHeaders, createDigests } from './content-headers.ts'
import { type Content, replyContent } from './content-reply.ts'
import { idPattern } from './id-path.ts'
import {
  type Manifest,
  manifestBytesMax,
  manifestType,
  parseManifest,
  resolvePath,
} from './manifest.ts'

/** The id is a hash of a signature over the content, so content of an id never changes. */
const forEver = 'public, max-age=31536000, immutable'
const opaqueType = 'application/octet-stream'
/** Of the texts of manifests remembered, bytes; what was made of them is some three times that. */
const rememberedManifestBytes = 32 * 1024 * 1024

/**
 * Data of items and transactions at `/:id` and `/raw/:id`, what a manifest names at `/:id/path`,
 * the whole signed item at `/item/:id`.
 */
export function contentRoutes(store: ItemStore, deps: ItemsDeps): Route[] {
  const digests = createDigests(deps.engine)
  const { store: data } = deps
  const manifests = createManifests()
  const held = async (id: string) => {
    const holding = await store.holding(id)
    if (holding === undefined) throw itemUnknown(id)
    return holding
  }
  const serve = async (holding: Holding, request: RouteRequest): Promise<RouteReply> => {
    await checkComplete(holding, data)
    const digest = digests(holding)
    const headers = contentHeaders(holding, await store.place(holding.id), digest)
    const type = contentType(tagValue(holding.tags, 'Content-Type'))
    const etag = `"${holding.id}"`
    return replyContent(
      { data: holding.data, type, etag, cacheControl: forEver, digest, headers },
      request,
    )
  }
  const raw = async (request: RouteRequest) => serve(await held(request.params.id ?? ''), request)
  const shown = async (request: RouteRequest) => {
    const holding = await held(request.params.id ?? '')
    const path = pathWithin(request.url)
    const manifest = await manifests(holding)
    if (manifest === undefined) {
      if (path !== '') throw manifestPathUnknown(holding.id, path)
      return serve(holding, request)
    }
    const target = resolvePath(manifest, path)
    // A manifest without an index shows itself, as gateways do.
    if (target === undefined && path === '') return serve(holding, request)
    if (target === undefined) throw manifestPathUnknown(holding.id, path)
    return serve(await held(target), request)
  }
  const signed = async (request: RouteRequest) =>
    replyContent(await signedItem(await held(request.params.id ?? ''), deps), request)
  const paths: [path: string, handle: Route['handle']][] = [
    [`/:id(${idPattern})`, shown],
    // Not one `*`: the paths of aoconnect's mainnet mode have that shape already.
    [`/:id(${idPattern})/`, shown],
    [`/:id(${idPattern})/:step`, shown],
    [`/:id(${idPattern})/:step/*`, shown],
    [`/raw/:id(${idPattern})`, raw],
    [`/item/:id(${idPattern})`, signed],
  ]
  return paths.flatMap(([path, handle]): Route[] => [
    { method: 'HEAD', path, handle },
    { method: 'GET', path, handle },
  ])
}

/** A transaction may be known before its data is: that must be said before the first byte. */
async function checkComplete(holding: Holding, store: DataStore | undefined): Promise<void> {
  const { transaction, data, id } = holding
  if (transaction === undefined || data.bytes !== undefined) return
  const dataRoot = encodeBase64Url(transaction.dataRoot)
  const held = await store?.held({ dataRoot, sizeBytes: data.sizeBytes })
  if (held?.complete !== true) throw dataMissing(`of transaction ${id}`)
}

/** Manifests by id, parsed once; undefined for what is none. */
function createManifests(): (holding: Holding) => Promise<Manifest | undefined> {
  const known = new Map<string, { readonly manifest: Manifest; readonly sizeBytes: number }>()
  let knownBytes = 0
  return async ({ id, tags, data }) => {
    const type = tagValue(tags, 'Content-Type')?.split(';')[0]?.trim()
    if (type !== manifestType || data.sizeBytes > manifestBytesMax) return undefined
    const before = known.get(id)
    if (before !== undefined) return before.manifest
    const { sizeBytes } = data
    const manifest = parseManifest(await collect(data, 0, sizeBytes))
    if (known.has(id)) return manifest
    known.set(id, { manifest, sizeBytes })
    knownBytes += sizeBytes
    for (const [oldest, held] of known) {
      if (knownBytes <= rememberedManifestBytes) break
      known.delete(oldest)
      knownBytes -= held.sizeBytes
    }
    return manifest
  }
}

/** The signed bytes of an item; of a transaction, its JSON with the data. */
async function signedItem(holding: Holding, deps: ItemsDeps): Promise<Content> {
  const { id, header, data, transaction } = holding
  const common = { type: opaqueType, etag: `"${id}.item"`, cacheControl: forEver, headers: {} }
  const item =
    transaction === undefined
      ? holding.item
      : await heldTransactionItem(holding, transaction, deps.store)
  if (item !== undefined) return { ...common, data: wholeOf(item.bytes, undefined) }
  if (header === undefined) throw itemUnknown(id)
  return { ...common, data: wholeOf(header, data) }
}

/** A header in memory, and the data behind it wherever that is. */
function wholeOf(header: Uint8Array, data: Data | undefined): Data {
  const sizeBytes = header.length + (data?.sizeBytes ?? 0)
  return {
    sizeBytes,
    ...(data === undefined ? { bytes: header } : {}),
    async *read(fromByte, toByte, options) {
      if (fromByte < header.length) yield header.subarray(fromByte, toByte)
      const from = Math.max(fromByte - header.length, 0)
      if (data !== undefined && toByte > header.length)
        yield* data.read(from, toByte - header.length, options)
    },
  }
}

/** A type as its author wrote it, unless it is not a media type at all. */
function contentType(given: string | undefined): string {
  const known = given !== undefined && given.length <= 255
  return known && /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(;[\x20-\x7e]*)?$/.test(given) ? given : opaqueType
}

/** What follows the id, decoded where it can be. */
function pathWithin(url: string): string {
  const path = (url.split('?')[0] ?? '').split('/').slice(2).join('/')
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
