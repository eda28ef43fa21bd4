import { encodeText, isId } from '@heddle/protocol/base'
import { portableCrypto, type StreamHash, startPortableSha384 } from '@heddle/protocol/crypto'
import { type Item, parseItem, type Signer, verifyItem } from '@heddle/protocol/item'
import { permanentRetention, type Retention, tagsOfRetention } from '@heddle/protocol/params'
import type { DaClient } from './da/client.ts'
import { createLazyDa } from './da/lazy.ts'
import type { DaOptions } from './da/source.ts'
import * as errors from './errors.ts'
import { createSignedItem, isItemSigner } from './item-signer.ts'
import { type NodeStatus, readStatus } from './node-status.ts'
import { postItem } from './post.ts'
import { createProcess, type ProcessHandle, scheduledResult } from './process.ts'
import { signerAddress } from './signers.ts'
import { type Download, type DownloadInput, download } from './storage/download.ts'
import {
  type FoundItem,
  type QueryInput,
  type QueryPage,
  query,
  queryAll,
} from './storage/query.ts'
import { type UploadProgress, type UploadState, uploadParts } from './storage/upload-parts.ts'
import { dataBytes, protocolTags, type TagInput, tagList } from './tags.ts'
import { createTransport, postBytes, type Transport } from './transport.ts'

/** Which node, and what a client of it works with. */
export type ClientOptions = {
  /** Base URL of a node, e.g. `http://127.0.0.1:4000`. */
  readonly url: string
  /** Needed for whatever is signed: spawn, send, upload. */
  readonly signer?: Signer
  /** Carries the requests; the platform's own unless told. */
  readonly fetch?: typeof globalThis.fetch
  /** Hashes what is uploaded and downloaded; where there is a faster one than the portable. */
  readonly startSha384?: () => StreamHash
  /** The storer set that certificates must hold against, and engines to check rows with. */
  readonly da?: DaOptions
}

/** What a new process starts with. */
export type SpawnInput = {
  /** Source of a `js` actor (JavaScript), or any text or bytes the module wants at its start. */
  readonly source?: string | Uint8Array
  /** Module id; the node's `js` module unless told. */
  readonly module?: string
  /** Address of the scheduler; the node's unless told. */
  readonly scheduler?: string
  /** The process trusts messages pushed by the node, unless an `Authority` is among them. */
  readonly tags?: TagInput
  readonly signal?: AbortSignal
}

/** How an upload is kept; what is left out is as it is without any. */
export type UploadRetention = Partial<Retention>

/** What is kept as an item, and how it travels. */
export type UploadInput = {
  /** A `Blob` (a browser's `File`; in Node `fs.openAsBlob(path)`) may be larger than memory. */
  readonly data: Uint8Array | string | Blob
  /** `Content-Type` is what browsers show it as. */
  readonly tags?: TagInput
  /**
   * How long, in how many copies at nodes of other operators, where, and with how much at stake; where
   * nothing is said for ever, one copy, anywhere.
   */
  readonly retention?: UploadRetention
  readonly signal?: AbortSignal
  /** Of a `Blob` only: bytes of a part; 5 MiB unless told. */
  readonly partBytes?: number
  /** Of a `Blob` only: where an earlier try stood, to go on from there. */
  readonly resume?: UploadState
  /** Of a `Blob` only: hears how far it is. */
  readonly onProgress?: (progress: UploadProgress) => void
  /** Of a `Blob` only: hears where it stands after each part; keep that to `resume` it. */
  readonly onState?: (state: UploadState) => void | Promise<void>
}

/** Speaks to one node: spawns, sends, reads, keeps and finds. */
export type Client = {
  /** Base URL of the node, without a slash at its end. */
  readonly url: string
  /** The signer's address as processes see it (`msg.from`); undefined without a signer. */
  readonly address: string | undefined
  /**
   * Spawns a process and waits for its first evaluation. Rejects with `spawn-failed` if that has an Error,
   * and otherwise as `ProcessHandle.send` does.
   */
  spawn(input: SpawnInput): Promise<ProcessHandle>
  /** The handle of a process; asks nothing yet. Throws `id-invalid`. */
  process(id: string): ProcessHandle
  /**
   * Keeps data as a signed item; returns its id once it is durable, and all copies it asks for are proven.
   * Equal uploads may be one item. A `Blob` goes in parts, and on where it broke off.
   */
  upload(input: UploadInput): Promise<string>
  /** The data of an item or transaction as it comes, checked here: see `Download`. */
  download(id: string, input?: DownloadInput): Promise<Download>
  /** A page of what the node's index finds. */
  query(input?: QueryInput): Promise<QueryPage>
  /** All that is found, page after page. */
  queryAll(input?: QueryInput): AsyncGenerator<FoundItem>
  /** An item by its id, its signature checked. Rejects with `item-forged` where the node lies. */
  item(id: string, signal?: AbortSignal): Promise<Item>
  /** What the node says of itself: its address, version and roles. */
  status(signal?: AbortSignal): Promise<NodeStatus>
  /** Bulk data with a certificate: the wide lane. */
  readonly da: DaClient
  /** For requests of one's own to the same node. */
  readonly transport: Transport
}

/**
 * A client of one node. Every call rejects with a HeddleError that says what to do, or with the reason
 * of its `signal` once that is aborted. Throws `url-invalid`.
 */
export function createClient(options: ClientOptions): Client {
  const { url, signer, fetch = globalThis.fetch, startSha384 = startPortableSha384 } = options
  const transport = createTransport(url, fetch)
  const address = signer === undefined ? undefined : signerAddress(signer)
  return {
    url: transport.url,
    address,
    transport,
    da: createLazyDa(transport, options.da),
    status: (signal) => readStatus(transport, signal),
    process: (id) => createProcess(transport, signer, id),
    spawn: (input) => spawn(transport, signer, input),
    upload: (input) => upload({ transport, startSha384 }, signer, input),
    download: (id, input) => download({ transport, startSha384 }, id, input),
    query: (input) => query(transport, input),
    queryAll: (input) => queryAll(transport, input),
    item: (id, signal) => fetchItem(transport, id, signal),
  }
}

async function spawn(
  transport: Transport,
  signer: Signer | undefined,
  { source, module, scheduler, tags, signal }: SpawnInput,
): Promise<ProcessHandle> {
  if (signer === undefined) throw errors.signerMissing()
  if (typeof source === 'string' && isPath(source)) throw errors.sourceIsPath(source)
  const given = tagList(tags)
  const node = await readStatus(transport, signal)
  const all = [
    ...given,
    ...protocolTags('Process'),
    { name: 'Module', value: module ?? node.modules.js },
    { name: 'Scheduler', value: scheduler ?? node.address },
  ]
  if (!given.some(({ name }) => name === 'Authority')) {
    all.push({ name: 'Authority', value: node.address })
  }
  const draft = { tags: all, data: dataBytes(source) }
  const id = await postItem(transport, signer, draft, signal)
  const { error } = await scheduledResult(transport, id, id, signal)
  if (error !== undefined) throw errors.spawnFailed(id, error)
  return createProcess(transport, signer, id)
}

/** Unlike messages, uploads get no anchor: the same file signed by the same key is one item. */
async function upload(
  { transport, startSha384 }: { transport: Transport; startSha384: () => StreamHash },
  signer: Signer | undefined,
  { data, tags, retention, signal, ...rest }: UploadInput,
): Promise<string> {
  if (signer === undefined) throw errors.signerMissing()
  const all = [...tagList(tags), ...tagsOfRetention({ ...permanentRetention, ...retention })]
  // A wallet that signs whole items needs all of one at once.
  if (data instanceof Blob && !isItemSigner(signer)) {
    const input = { ...rest, tags: all, signal }
    return await uploadParts({ transport, signer, startSha384 }, data, input)
  }
  const whole = data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : data
  const bytes = typeof whole === 'string' ? encodeText(whole) : whole
  const item = await createSignedItem({ data: bytes, tags: all }, signer)
  await postBytes(transport, '/v1/tx', item.bytes, signal)
  return item.id
}

async function fetchItem(transport: Transport, id: string, signal?: AbortSignal): Promise<Item> {
  if (!isId(id)) throw errors.idInvalid('kept item', id)
  const { body } = await transport.get(`/item/${id}`, signal)
  const item = parse(body)
  if (item?.id === id && (await verifyItem(item, portableCrypto))) return item
  throw errors.itemForged(id, transport.url)
}

function parse(bytes: Uint8Array): Item | undefined {
  try {
    return parseItem(bytes, portableCrypto)
  } catch {
    return undefined
  }
}

/** One word that ends as the files of actors do. */
function isPath(source: string): boolean {
  return source.length < 4096 && /^\S+\.([cm]?[jt]s|lua)$/.test(source)
}
