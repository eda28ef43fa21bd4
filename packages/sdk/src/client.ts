import { encodeText, HeddleError } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { createItem, type Signer } from '@heddle/protocol/item'
import {
  createProcess,
  dataBytes,
  type ProcessHandle,
  postItem,
  protocolTags,
  signerMissing,
  type TagInput,
  tagList,
} from './process.ts'
import { createTransport, type Fetch, type Transport } from './transport.ts'

export type ClientOptions = {
  /** Base URL of a node, e.g. `http://127.0.0.1:4000`. */
  readonly url: string
  /** Needed for whatever is signed: spawn, send, upload. */
  readonly signer?: Signer
  readonly fetch?: Fetch
}

export type SpawnInput = {
  /** Source of a `js` actor (JavaScript), or any text or bytes the module wants at its start. */
  readonly source?: string | Uint8Array
  /** Module id; the node's `js` module unless told. */
  readonly module?: string
  readonly scheduler?: string
  readonly tags?: TagInput
  readonly signal?: AbortSignal
}

export type UploadInput = {
  readonly data: Uint8Array | string
  readonly tags?: TagInput
  readonly signal?: AbortSignal
}

export type NodeStatus = {
  readonly status: string
  readonly version: string
  readonly roles: readonly string[]
  readonly address: string
  readonly modules: { readonly js: string }
  readonly processes: number
  readonly height: number
}

export type Client = {
  readonly url: string
  /** Spawns a process and waits for its first evaluation. Rejects with `spawn-failed` if that has an Error. */
  spawn(input: SpawnInput): Promise<ProcessHandle>
  process(id: string): ProcessHandle
  /** Keeps data as a signed item; returns its id once it is durable. */
  upload(input: UploadInput): Promise<string>
  status(signal?: AbortSignal): Promise<NodeStatus>
  readonly transport: Transport
}

/** A client of one node. Every call rejects with a HeddleError that says what to do. */
export function createClient({ url, signer, fetch = globalThis.fetch }: ClientOptions): Client {
  const transport = createTransport(url, fetch)
  const status = async (signal?: AbortSignal) =>
    (await (await transport.get('/healthz', signal)).json()) as NodeStatus
  return {
    url: transport.url,
    transport,
    status,
    process: (id) => createProcess(transport, signer, id),
    async spawn({ source, module, scheduler, tags, signal }) {
      const needsNode = module === undefined || scheduler === undefined
      const node = needsNode ? await status(signal) : undefined
      const all = [
        ...tagList(tags),
        ...protocolTags('Process'),
        { name: 'Module', value: module ?? node?.modules.js ?? '' },
        { name: 'Scheduler', value: scheduler ?? node?.address ?? '' },
      ]
      if (node !== undefined && !all.some(({ name }) => name === 'Authority')) {
        all.push({ name: 'Authority', value: node.address })
      }
      const id = await postItem(transport, signer, { tags: all, data: dataBytes(source) }, signal)
      const handle = createProcess(transport, signer, id)
      const { error } = await handle.result(id, signal)
      if (error === undefined) return handle
      const text = `process ${id} was spawned, but its first evaluation failed: ${error}`
      throw new HeddleError('spawn-failed', 'invalid', text, { processId: id })
    },
    async upload({ data, tags, signal }) {
      if (signer === undefined) throw signerMissing()
      const bytes = typeof data === 'string' ? encodeText(data) : data
      const item = await createItem({ data: bytes, tags: tagList(tags) }, signer, portableCrypto)
      await transport.post('/v1/tx', new Uint8Array(item.bytes), 'application/octet-stream', signal)
      return item.id
    },
  }
}
