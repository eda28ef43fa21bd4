import {
  checkPostedChunk,
  DataRootBuilder,
  type PostedChunk,
  parsePostedChunk,
} from '@heddle/protocol/arweave'
import { decodeText, encodeBase64Url, isHeddleError } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { Route, RouteReply, RouteRequest } from '../../network/index.ts'
import { itemsLog, type Place, part } from '../catalog/location.ts'
import { chunkUnknown } from '../errors.ts'
import type { ItemStore } from '../items/store.ts'
import type { ItemsDeps, StoredChunk, StoredData } from '../ports.ts'
import { completeTransaction } from './complete-transaction.ts'
import { sandboxHeaders } from './content-reply.ts'

/** Transactions looked up at a time. */
const transactionsAtOnce = 100
/** Data sets that are known to be named by a transaction. */
const rememberedMax = 1000

/**
 * Chunks of transactions' data: taken at POST /chunk with their proof, in any order, and given at
 * GET /chunk/:offset by their place in the weave.
 */
export function chunkRoutes(store: ItemStore, deps: ItemsDeps): Route[] {
  const take = createTaker(store, deps)
  const give = async ({ params }: RouteRequest) => chunkAt(Number(params.offset), store, deps)
  return [
    { method: 'POST', path: '/chunk', handle: take },
    {
      method: 'GET',
      path: '/chunk/:offset(^\\d{1,16}$)',
      handle: async (request) => ({ status: 200, body: chunkJson((await give(request)).chunk) }),
    },
    {
      method: 'GET',
      path: '/chunk/:offset(^\\d{1,16}$)/data',
      handle: async (request) => chunkBytes(await give(request)),
    },
  ]
}

function createTaker(store: ItemStore, deps: ItemsDeps) {
  const named = new Set<string>()
  /** Whether a transaction names this data: nothing else is taken. */
  const isNamed = async (data: StoredData) => {
    const key = `${data.dataRoot} ${data.sizeBytes}`
    if (named.has(key)) return true
    if ((await transactionsOf(data, store, 1).next()).done) return false
    if (named.size >= rememberedMax) named.clear()
    named.add(key)
    return true
  }
  return async ({ body }: RouteRequest): Promise<RouteReply> => {
    try {
      const posted = parsePostedChunk(parseJson(body))
      const data = { dataRoot: encodeBase64Url(posted.root), sizeBytes: posted.sizeBytes }
      if (!(await isNamed(data))) return refuse('data_root_not_found')
      await takeChunk(posted, data, store, deps)
      return { status: 200, body: {} }
    } catch (error) {
      return refusal(error)
    }
  }
}

async function takeChunk(
  posted: PostedChunk,
  data: StoredData,
  store: ItemStore,
  deps: ItemsDeps,
): Promise<void> {
  if (deps.store === undefined) {
    // Without a store every transaction taken has its data in its record.
    checkPostedChunk(posted, deps.engine)
    return
  }
  const { offset, path, bytes } = posted
  const dataSizeBytes = data.sizeBytes
  await deps.store.keepChunk({ ...data, dataSizeBytes, offset, dataPath: path, bytes })
  if (!(await deps.store.held(data)).complete) return
  for await (const id of transactionsOf(data, store)) await completeTransaction(id, store, deps)
}

/** All that name the data: none may be left out because others named it too. */
async function* transactionsOf(data: StoredData, store: ItemStore, atOnce = transactionsAtOnce) {
  for (let after: Place | undefined; ; ) {
    const found = await store.search({
      required: [[store.terms.data(data.dataRoot, data.sizeBytes)]],
      excluded: [],
      heights: {},
      times: {},
      ascending: true,
      after,
      limit: atOnce,
    })
    for (const { id } of found) yield encodeBase64Url(id)
    if (found.length < atOnce) return
    after = found.at(-1)
  }
}

/** The network's names: clients give up at these, and try all others again later. */
function refusal(error: unknown): RouteReply {
  if (isHeddleError(error, 'chunk-refused')) return refuse(String(error.details.fault))
  if (isHeddleError(error, 'store-full')) return { status: 503, body: { error: 'disk_full' } }
  throw error
}

function refuse(error: string): RouteReply {
  return { status: 400, body: { error } }
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(decodeText(body))
  } catch {
    return undefined
  }
}

type Placed = {
  readonly chunk: StoredChunk
  readonly dataRoot: string
  /** Of the chunk's first byte in the weave, from 0. */
  readonly start: number
}

async function chunkAt(offset: number, store: ItemStore, deps: ItemsDeps): Promise<Placed> {
  const region = await store.weaveAt(offset)
  if (region === undefined) throw chunkUnknown(offset)
  const location = { log: itemsLog, slot: region.slot, part: part.kept, offset: 0, length: 0 }
  const holding = await store.load(location)
  const dataRoot = encodeBase64Url(holding?.transaction?.dataRoot ?? new Uint8Array(0))
  const relative = offset - region.start - 1
  const inMemory = holding?.data.bytes
  const chunk =
    inMemory === undefined
      ? await deps.store?.chunk({ dataRoot, sizeBytes: region.sizeBytes }, relative)
      : cutChunk(inMemory, relative, deps.engine)
  if (chunk === undefined) throw chunkUnknown(offset)
  return { chunk, dataRoot, start: region.start + chunk.fromByte }
}

function cutChunk(data: Uint8Array, offset: number, engine: CryptoEngine): StoredChunk | undefined {
  const builder = new DataRootBuilder(engine)
  const before = builder.push(data)
  const { chunks, tree } = builder.end()
  const all = [...before, ...chunks]
  const index = all.findIndex(({ toByte }) => offset < toByte)
  const chunk = all[index]
  if (chunk === undefined) return undefined
  const { bytes, fromByte, toByte } = chunk
  return { bytes, dataPath: tree.path(index), fromByte, toByte }
}

function chunkJson({ bytes, dataPath }: StoredChunk) {
  return {
    chunk: encodeBase64Url(bytes),
    data_path: encodeBase64Url(dataPath),
    // There is no proof of work here whose blocks would commit to a tree of transactions.
    tx_path: '',
    packing: 'unpacked',
  }
}

function chunkBytes({ chunk, dataRoot, start }: Placed): RouteReply {
  return {
    status: 200,
    headers: {
      ...sandboxHeaders,
      'content-type': 'application/octet-stream',
      'x-arweave-chunk-data-root': dataRoot,
      'x-arweave-chunk-data-path': encodeBase64Url(chunk.dataPath),
      'x-arweave-chunk-start-offset': String(start + 1),
      'x-arweave-chunk-relative-start-offset': String(chunk.fromByte),
    },
    body: chunk.bytes,
  }
}
