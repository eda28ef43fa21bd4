import { HeddleError, isHeddleError, isId } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import {
  describeItem,
  isReceiptHonest,
  namesGround,
  type ProvenanceItem,
} from '@heddle/protocol/lineage'
import { portableSha256 } from '@heddle/protocol/merkle'
import type { Client } from './client.ts'
import { isObject } from './transport.ts'

export type { ProvenanceItem }

/** `child` came from `ground`. */
export type ProvenanceLink = {
  readonly child: string
  readonly ground: string
  /** `derived`, `receipt`, `sender`, `code` or `cause`: which of its tags names the ground. */
  readonly relation: string
  /** `forged` where the child names no such ground: the node made the link up. */
  readonly state: 'verified' | 'forged'
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
 * Where an item came from and what came of it. The node's word is not taken: each item it calls verified is
 * fetched and checked here too and described by its own tags, and is `forged` where that fails; a link is
 * `forged` where the item itself does not name its ground. What a node leaves out cannot be seen. Rejects with
 * `unknown-item`.
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
  const checked = await Promise.all(value.items.map((item) => checkItem(client, item, signal)))
  const byId = new Map(checked.map(({ shown, item }) => [shown.id, item]))
  const links = value.links.map((link): ProvenanceLink => {
    const child = byId.get(link.child)
    const isNamed = child !== undefined && namesGround(child, link, byId.get(link.ground), sha256)
    return { ...link, state: isNamed ? 'verified' : 'forged' }
  })
  return { ...value, items: checked.map(({ shown }) => shown), links }
}

const sha256 = portableSha256.digest

type Checked = { readonly shown: ProvenanceItem; readonly item: Item | undefined }

async function checkItem(
  client: Client,
  { id, state }: ProvenanceItem,
  signal?: AbortSignal,
): Promise<Checked> {
  if (state !== 'verified') return { shown: { id, state }, item: undefined }
  try {
    const item = await client.item(id, signal)
    if (isReceiptHonest(item, sha256)) return { shown: describeItem(item, sha256), item }
    return { shown: { id, state: 'forged' }, item }
  } catch (error) {
    if (!isHeddleError(error)) throw error
    return {
      shown: { id, state: error.kind === 'missing' ? 'missing' : 'forged' },
      item: undefined,
    }
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
