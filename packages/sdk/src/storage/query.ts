import type { Tag } from '@heddle/protocol/item'
import { answerUnexpected, nodeRefused } from '../errors.ts'
import { type TagInput, tagList } from '../tags.ts'
import { isObject, readObject, type Transport } from '../transport.ts'

/** What is looked for; all of it must hold. */
export type QueryInput = {
  readonly ids?: readonly string[]
  /** Addresses that signed it. */
  readonly owners?: readonly string[]
  /** Addresses it was sent to. */
  readonly recipients?: readonly string[]
  /** Each name with its value; with several values of a name give them as a list: any of them will do. */
  readonly tags?: Readonly<Record<string, string | readonly string[]>> | readonly Tag[]
  /** Ids of the bundles that hold it. */
  readonly bundledIn?: readonly string[]
  /** Heights, both included. */
  readonly block?: { readonly min?: number; readonly max?: number }
  /** Newest block first unless told. */
  readonly sort?: 'HEIGHT_DESC' | 'HEIGHT_ASC' | 'INGESTED_AT_DESC' | 'INGESTED_AT_ASC'
  /** Items of a page; 100 unless told. */
  readonly first?: number
  /** `next` of the page before. */
  readonly after?: string
  readonly signal?: AbortSignal
}

/** An item or transaction as the node's index tells it; to check it, download it. */
export type FoundItem = {
  readonly id: string
  /** Address that signed it; empty, as all else but the id, where the node cannot read it any more. */
  readonly owner: string
  /** Process or address it was sent to; empty without one. */
  readonly recipient: string
  readonly tags: readonly Tag[]
  readonly dataBytes: number
  readonly contentType: string
  /** Undefined until a block holds it. */
  readonly block: { readonly height: number; readonly timestamp: number } | undefined
  /** Id of the bundle that holds it. */
  readonly bundledIn: string | undefined
}

/** A page of what was found. */
export type QueryPage = {
  readonly items: readonly FoundItem[]
  /** Give it as `after` for the next page; undefined after the last. */
  readonly next: string | undefined
}

const text = `query(
  $ids: [ID!], $owners: [String!], $recipients: [String!], $tags: [TagFilter!], $bundledIn: [ID!],
  $block: BlockFilter, $sort: SortOrder, $first: Int, $after: String
) {
  transactions(
    ids: $ids, owners: $owners, recipients: $recipients, tags: $tags, bundledIn: $bundledIn,
    block: $block, sort: $sort, first: $first, after: $after
  ) {
    pageInfo { hasNextPage }
    edges { cursor node {
      id recipient owner { address } tags { name value } data { size type }
      block { height timestamp } bundledIn { id }
    } }
  }
}`

type Edge = {
  readonly cursor: string
  readonly node: {
    readonly id: string
    readonly recipient: string
    readonly owner: { readonly address: string }
    readonly tags: readonly Tag[]
    readonly data: { readonly size: string; readonly type: string | null }
    readonly block: { readonly height: number; readonly timestamp: number } | null
    readonly bundledIn: { readonly id: string } | null
  }
}

/** One page of what the node's index finds. Rejects with the node's own words where it refuses. */
export async function query(transport: Transport, input: QueryInput = {}): Promise<QueryPage> {
  const { signal, tags, first = 100, ...rest } = input
  const variables = { ...rest, first, ...(tags === undefined ? {} : { tags: tagFilters(tags) }) }
  const body = JSON.stringify({ query: text, variables })
  const answer = await transport.post('/graphql', body, 'application/json', signal)
  const { data, errors } = readObject(transport, answer)
  if (Array.isArray(errors) && errors.length > 0) {
    const told = isObject(errors[0]) ? String(errors[0].message) : 'the query was refused'
    throw nodeRefused('invalid', told, { url: transport.url, status: 200 })
  }
  const page = isObject(data) ? data.transactions : undefined
  if (!isObject(page) || !Array.isArray(page.edges) || !isObject(page.pageInfo)) {
    throw answerUnexpected(transport.url, 'a page of transactions')
  }
  const edges = page.edges as readonly Edge[]
  const next = page.pageInfo.hasNextPage === true ? edges.at(-1)?.cursor : undefined
  return { items: edges.map(({ node }) => foundItem(node)), next }
}

/** All that is found, page after page as it is asked for. */
export async function* queryAll(
  transport: Transport,
  input: QueryInput = {},
): AsyncGenerator<FoundItem> {
  for (let after = input.after; ; ) {
    const page = await query(transport, { ...input, ...(after === undefined ? {} : { after }) })
    yield* page.items
    after = page.next
    if (after === undefined) return
  }
}

function tagFilters(tags: NonNullable<QueryInput['tags']>) {
  const given = Array.isArray(tags)
    ? tagList(tags as TagInput).map(({ name, value }) => [name, value] as const)
    : Object.entries(tags as Readonly<Record<string, string | readonly string[]>>)
  return given.map(([name, value]) => ({ name, values: Array.isArray(value) ? value : [value] }))
}

function foundItem({
  id,
  recipient,
  owner,
  tags,
  data,
  block,
  bundledIn,
}: Edge['node']): FoundItem {
  return {
    id,
    recipient,
    owner: owner.address,
    tags,
    dataBytes: Number(data.size),
    contentType: data.type ?? '',
    block: block ?? undefined,
    bundledIn: bundledIn?.id,
  }
}
