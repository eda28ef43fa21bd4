import { encodeBase64Url, HeddleError, isHeddleError } from '@heddle/protocol/base'
import { type Item, tagValue } from '@heddle/protocol/item'
import { portableSha256 } from '@heddle/protocol/merkle'
import type { Client } from './client.ts'
import { isObject } from './transport.ts'

const query = `query ($digest: String!) {
  transactions(first: 64, tags: [
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
  // Anybody can put any digest into a tag.
  for (const found of idsOf(answer.json())) {
    const item = await client.item(found, signal)
    if (encodeBase64Url(portableSha256.digest(item.data)) === id) return item
  }
  const text = `no receipt ${id} is kept at ${client.url}: give the id of its item, or its digest`
  throw new HeddleError('receipt-unknown', 'missing', text, { id })
}

function idsOf(value: unknown): string[] {
  const data = isObject(value) && isObject(value.data) ? value.data.transactions : undefined
  const edges: unknown[] = isObject(data) && Array.isArray(data.edges) ? data.edges : []
  return edges.flatMap((edge) => {
    const node = isObject(edge) && isObject(edge.node) ? edge.node : {}
    return typeof node.id === 'string' ? [node.id] : []
  })
}
