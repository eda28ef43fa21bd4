import { errorMessage, isId } from '@heddle/protocol/base'
import { rollupInvalid, sourceFailed } from './errors.ts'
import { rollupType } from './statement.ts'

/** A rollup as a gateway's index tells it. Nothing of it is believed: what it holds is verified. */
export type Listed = { readonly id: string; readonly owner: string; readonly fromSlot: number }

const pageItems = 100
const replyBytesMax = 4 * 1024 * 1024
const requestTimeoutMs = 30_000

const query = `query($tags: [TagFilter!]!, $owners: [String!], $after: String, $first: Int!) {
  transactions(tags: $tags, owners: $owners, first: $first, after: $after, sort: HEIGHT_ASC) {
    pageInfo { hasNextPage }
    edges { cursor node { id owner { address } tags { name value } } }
  }
}`

type Asking = {
  readonly url: string
  readonly fetch: typeof globalThis.fetch
  readonly signal: AbortSignal
}

type Edge = {
  readonly cursor: string
  readonly node: {
    readonly id: string
    readonly owner: { readonly address: string }
    readonly tags: readonly { readonly name: string; readonly value: string }[]
  }
}

/** Rollups of a process in the order of their blocks; of one owner (an address) where one is named. */
export async function* listRollups(
  asking: Asking,
  processId: string,
  filter: { readonly owner?: string | undefined; readonly fromSlot?: number },
): AsyncGenerator<Listed> {
  const tags = [
    { name: 'Type', values: [rollupType] },
    { name: 'Process', values: [processId] },
  ]
  if (filter.fromSlot !== undefined) {
    tags.push({ name: 'From-Slot', values: [String(filter.fromSlot)] })
  }
  const owners = filter.owner === undefined ? {} : { owners: [filter.owner] }
  for (let after: string | undefined; ; ) {
    const variables = {
      tags,
      ...owners,
      first: pageItems,
      ...(after === undefined ? {} : { after }),
    }
    const body = JSON.stringify({ query, variables })
    const bytes = await request(asking, '/graphql', replyBytesMax, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    const { edges, hasNextPage } = readPage(asking.url, bytes)
    for (const { node } of edges) {
      const slot = node.tags.find(({ name }) => name === 'From-Slot')?.value ?? ''
      if (!isId(node.id) || !/^\d{1,15}$/.test(slot)) continue
      yield { id: node.id, owner: node.owner.address, fromSlot: Number(slot) }
    }
    after = edges.at(-1)?.cursor
    if (!hasNextPage || after === undefined) return
  }
}

/** The data of an item. */
export function fetchData(asking: Asking, id: string, bytesMax: number): Promise<Uint8Array> {
  return request(asking, `/raw/${id}`, bytesMax, {})
}

/** A whole signed item as bytes; undefined where the source does not have it. */
export async function fetchItemBytes(
  asking: Asking,
  id: string,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  return await request(asking, `/item/${id}`, bytesMax, {}).catch(() => undefined)
}

async function request(
  { url, fetch, signal }: Asking,
  path: string,
  bytesMax: number,
  init: RequestInit,
): Promise<Uint8Array> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(requestTimeoutMs)])
  try {
    const reply = await fetch(url + path, { ...init, signal: within })
    if (!reply.ok) {
      await reply.body?.cancel()
      throw new Error(`it answered ${reply.status} to ${path}`)
    }
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of reply.body ?? []) {
      length += chunk.length
      if (length > bytesMax) throw new Error(`more than ${bytesMax} bytes came for ${path}`)
      chunks.push(chunk)
    }
    return new Uint8Array(Buffer.concat(chunks))
  } catch (cause) {
    signal.throwIfAborted()
    throw sourceFailed(url, errorMessage(cause), cause)
  }
}

function readPage(url: string, bytes: Uint8Array) {
  try {
    const { data } = JSON.parse(Buffer.from(bytes).toString())
    const { edges, pageInfo } = data.transactions
    return { edges: edges as Edge[], hasNextPage: pageInfo.hasNextPage === true }
  } catch (cause) {
    throw sourceFailed(url, 'its GraphQL answer cannot be read', cause)
  }
}

/** Throws `rollup-invalid` on a URL nothing can be asked of. */
export function sourceUrl(processId: string, text: string): string {
  if (URL.canParse(text) && /^https?:\/\/[^?#]+$/.test(text)) return text.replace(/\/+$/, '')
  throw rollupInvalid(processId, `${text.slice(0, 200)} is no http or https URL of a node`)
}
