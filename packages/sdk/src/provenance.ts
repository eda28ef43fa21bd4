import { HeddleError, isHeddleError, isId } from '@heddle/protocol/base'
import type { Client } from './client.ts'
import { isObject } from './transport.ts'

/** An item of a lineage, with what its tags say. */
export type ProvenanceItem = {
  readonly id: string
  /** `missing` where this node does not keep it, `forged` where its signature does not hold. */
  readonly state: 'verified' | 'forged' | 'missing'
  readonly kind?: string
  readonly name?: string
  readonly signer?: string
  readonly process?: string
  readonly rule?: string
  readonly verdict?: string
}

/** `child` came from `ground`. */
export type ProvenanceLink = {
  readonly child: string
  readonly ground: string
  /** `derived`, `receipt`, `sender`, `code` or `cause`: which of its tags names the ground. */
  readonly relation: string
}

/** Where an item came from, and what came of it. */
export type Provenance = {
  readonly id: string
  readonly items: readonly ProvenanceItem[]
  readonly links: readonly ProvenanceLink[]
  /** There is more than one answer holds: ask again for an item at its edge. */
  readonly cut: boolean
}

/**
 * Where an item came from and what came of it. The node's word on signatures is not taken: each item it calls
 * verified is fetched and checked here too, and is `forged` where that fails. Rejects with `unknown-item`.
 */
export async function fetchProvenance(
  client: Client,
  id: string,
  signal?: AbortSignal,
): Promise<Provenance> {
  const answer = await client.transport.get(`/provenance/${id}`, signal)
  const value = answer.json()
  if (!isProvenance(value)) {
    const text = `${client.url} did not answer with a lineage: is it a node of another version?`
    throw new HeddleError('provenance-invalid', 'unavailable', text)
  }
  const items = await Promise.all(value.items.map((item) => checkItem(client, item, signal)))
  return { ...value, items }
}

async function checkItem(
  client: Client,
  item: ProvenanceItem,
  signal?: AbortSignal,
): Promise<ProvenanceItem> {
  if (item.state !== 'verified') return item
  try {
    await client.item(item.id, signal)
    return item
  } catch (error) {
    if (!isHeddleError(error)) throw error
    return { id: item.id, state: error.kind === 'missing' ? 'missing' : 'forged' }
  }
}

function isProvenance(value: unknown): value is Provenance {
  if (!isObject(value) || !Array.isArray(value.items) || !Array.isArray(value.links)) return false
  const areItems = value.items.every((item) => isObject(item) && typeof item.id === 'string')
  const areLinks = value.links.every(
    (link) => isObject(link) && typeof link.child === 'string' && typeof link.ground === 'string',
  )
  return areItems && areLinks && typeof value.id === 'string' && isId(value.id)
}
