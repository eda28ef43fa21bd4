import { isHeddleError } from '@heddle/protocol/base'
import { modelTypes } from '@heddle/protocol/model'
import type { Client } from './client.ts'
import { isObject } from './transport.ts'

/** What the item of a model says of it as a module. */
export const modelHolder = { memoryLimit: '4-gb', parentTagsMax: 40 } as const

const digestsPerQuery = 100
const query = `query ($owners: [String!], $digests: [String!]!) {
  transactions(first: 1000, owners: $owners, tags: [
    { name: "Type", values: ["${modelTypes.chunk}"] }, { name: "Chunk-Digest", values: $digests }
  ]) { edges { node { id tags { name value } } } }
}`

/**
 * Items of the client's own that hold chunks of these digests, so that an interrupted upload goes on. Only
 * its own: anybody can put a digest on other bytes. Empty where the node does not answer queries.
 */
export async function findChunks(
  client: Client,
  digests: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  if (client.address === undefined) return found
  for (let at = 0; at < digests.length; at += digestsPerQuery) {
    const part = digests.slice(at, at + digestsPerQuery)
    const variables = { owners: [client.address], digests: part }
    const body = JSON.stringify({ query, variables })
    try {
      const answer = await client.transport.post('/graphql', body, 'application/json', signal)
      for (const [digest, id] of readEdges(answer.json())) found.set(digest, id)
    } catch (error) {
      if (isHeddleError(error) && error.kind !== 'unavailable') return found
      throw error
    }
  }
  return found
}

function readEdges(value: unknown): [digest: string, id: string][] {
  const data = isObject(value) && isObject(value.data) ? value.data.transactions : undefined
  const edges = isObject(data) && Array.isArray(data.edges) ? data.edges : []
  return edges.flatMap((edge: unknown) => {
    const node = isObject(edge) && isObject(edge.node) ? edge.node : {}
    const tags: unknown[] = Array.isArray(node.tags) ? node.tags : []
    const digest = tags.find((tag) => isObject(tag) && tag.name === 'Chunk-Digest')
    const isWhole = isObject(digest) && typeof node.id === 'string'
    return isWhole ? [[String(digest.value), String(node.id)] as [string, string]] : []
  })
}
