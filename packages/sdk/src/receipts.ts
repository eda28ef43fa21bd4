import { HeddleError, isHeddleError } from '@heddle/protocol/base'
import { type Item, tagValue } from '@heddle/protocol/item'
import type { Client } from './client.ts'
import { isObject } from './transport.ts'

const query = `query ($digest: String!) {
  transactions(first: 1, tags: [
    { name: "Type", values: ["Receipt"] }, { name: "Receipt-Digest", values: [$digest] }
  ]) { edges { node { id } } }
}`

/**
 * A receipt's item by its id or by the receipt's digest, its signature checked. Rejects with
 * `receipt-unknown`.
 */
export async function findReceipt(client: Client, id: string, signal?: AbortSignal): Promise<Item> {
  const direct = await client.item(id, signal).catch((error) => {
    if (isHeddleError(error) && error.kind === 'missing') return undefined
    throw error
  })
  if (direct !== undefined && tagValue(direct.tags, 'Type') === 'Receipt') return direct
  const body = JSON.stringify({ query, variables: { digest: id } })
  const answer = await client.transport.post('/graphql', body, 'application/json', signal)
  const found = firstId(answer.json())
  if (found !== undefined) return client.item(found, signal)
  const text = `no receipt ${id} is kept at ${client.url}: give the id of its item, or its digest`
  throw new HeddleError('receipt-unknown', 'missing', text, { id })
}

function firstId(value: unknown): string | undefined {
  const data = isObject(value) && isObject(value.data) ? value.data.transactions : undefined
  const edges: unknown[] = isObject(data) && Array.isArray(data.edges) ? data.edges : []
  const [edge] = edges
  const node = isObject(edge) && isObject(edge.node) ? edge.node : {}
  return typeof node.id === 'string' ? node.id : undefined
}
