import { postJson } from './request.ts'
import type { Tag } from './units.ts'

export type Found = {
  readonly id: string
  readonly recipient: string
  readonly owner: { readonly address: string }
  readonly data: { readonly size: string; readonly type: string | null }
  readonly tags: readonly Tag[]
  readonly block: { readonly height: number; readonly timestamp: number } | null
  readonly bundledIn: { readonly id: string } | null
  readonly signatureType: number | null
  readonly ingested_at: number | null
}

export type FoundPage = {
  readonly items: readonly Found[]
  readonly hasNextPage: boolean
  readonly cursor: string
}

export type TagFilter = { readonly name: string; readonly values: readonly string[] }

export type ItemFilter = {
  readonly owners?: readonly string[]
  readonly recipients?: readonly string[]
  readonly tags?: readonly TagFilter[]
  readonly bundledIn?: readonly string[]
  readonly ids?: readonly string[]
}

export type Block = {
  readonly id: string
  readonly timestamp: number
  readonly height: number
  readonly previous: string
}

const fields = `id recipient owner { address } data { size type } tags { name value }
  block { height timestamp } bundledIn { id } signatureType ingested_at`

const itemsQuery = `query ($ids: [ID!], $owners: [String!], $recipients: [String!],
  $tags: [TagFilter!], $bundledIn: [ID!], $first: Int, $after: String) {
  transactions(ids: $ids, owners: $owners, recipients: $recipients, tags: $tags,
    bundledIn: $bundledIn, first: $first, after: $after) {
    pageInfo { hasNextPage } edges { cursor node { ${fields} } } } }`

/** Runs a query as it is. */
export async function runQuery<T>(
  query: string,
  variables: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
): Promise<T> {
  type Answer = { readonly data?: T; readonly errors?: readonly { readonly message: string }[] }
  const { data, errors } = await postJson<Answer>('/graphql', { query, variables }, signal)
  const [error] = errors ?? []
  if (error !== undefined) throw new Error(error.message)
  if (data === undefined) throw new Error('the node answered a query without data')
  return data
}

/** Items that match, newest first. */
export async function findItems(
  filter: ItemFilter,
  page: { readonly first: number; readonly after?: string },
  signal?: AbortSignal,
): Promise<FoundPage> {
  type Edge = { readonly cursor: string; readonly node: Found }
  type Answer = {
    readonly transactions: {
      readonly pageInfo: { readonly hasNextPage: boolean }
      readonly edges: readonly Edge[]
    }
  }
  const { transactions } = await runQuery<Answer>(itemsQuery, { ...filter, ...page }, signal)
  const { edges, pageInfo } = transactions
  return {
    items: edges.map(({ node }) => node),
    hasNextPage: pageInfo.hasNextPage,
    cursor: edges.at(-1)?.cursor ?? '',
  }
}

export async function findItem(id: string, signal?: AbortSignal): Promise<Found | undefined> {
  const { items } = await findItems({ ids: [id] }, { first: 1 }, signal)
  return items[0]
}

export async function findBlocks(
  first: number,
  after: string | undefined,
  signal?: AbortSignal,
): Promise<{ readonly blocks: readonly Block[]; readonly hasNextPage: boolean; cursor: string }> {
  const query = `query ($first: Int, $after: String) { blocks(first: $first, after: $after) {
    pageInfo { hasNextPage } edges { cursor node { id timestamp height previous } } } }`
  type Answer = {
    readonly blocks: {
      readonly pageInfo: { readonly hasNextPage: boolean }
      readonly edges: readonly { readonly cursor: string; readonly node: Block }[]
    }
  }
  const { blocks } = await runQuery<Answer>(query, { first, after }, signal)
  return {
    blocks: blocks.edges.map(({ node }) => node),
    hasNextPage: blocks.pageInfo.hasNextPage,
    cursor: blocks.edges.at(-1)?.cursor ?? '',
  }
}
