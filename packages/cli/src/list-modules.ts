import { HeddleError } from '@heddle/protocol/base'
import { type Tag, tagValue } from '@heddle/protocol/item'
import type { Client } from '@heddle/sdk'

type Module = { readonly id: string; readonly format: string; readonly name: string }
type Edge = {
  readonly cursor: string
  readonly node: { readonly id: string; readonly tags: readonly Tag[] }
}
type Page = { readonly pageInfo: { readonly hasNextPage: boolean }; readonly edges: Edge[] }
type Reply = {
  readonly data?: { readonly transactions?: Page }
  readonly errors?: readonly { readonly message: string }[]
}

const query = `query ($after: String) {
  transactions(first: 1000, after: $after, tags: [
    { name: "Data-Protocol", values: ["ao"] }, { name: "Type", values: ["Module"] }
  ]) { pageInfo { hasNextPage } edges { cursor node { id tags { name value } } } }
}`

/** Every module a node keeps, newest first. */
export async function listModules(client: Client, signal: AbortSignal): Promise<Module[]> {
  const modules: Module[] = []
  let after: string | undefined
  for (;;) {
    const { pageInfo, edges } = await fetchPage(client, after, signal)
    for (const { node } of edges) {
      const [format = '', name = ''] = [
        tagValue(node.tags, 'Module-Format'),
        tagValue(node.tags, 'Name'),
      ]
      modules.push({ id: node.id, format, name })
    }
    after = edges.at(-1)?.cursor
    if (!pageInfo.hasNextPage || after === undefined) return modules
  }
}

async function fetchPage(client: Client, after: string | undefined, signal: AbortSignal) {
  const body = JSON.stringify({ query, variables: { after } })
  const reply = await client.transport.post('/graphql', body, 'application/json', signal)
  const { data, errors } = reply.json() as Reply
  if (data?.transactions !== undefined) return data.transactions
  const why = errors?.[0]?.message ?? 'no data in its reply'
  const text = `${client.url}/graphql refused the query: ${why}`
  throw new HeddleError('query-refused', 'unavailable', text)
}
