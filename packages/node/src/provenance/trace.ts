import { isId } from '@heddle/protocol/base'
import type { Item } from '@heddle/protocol/item'
import {
  describeItem,
  isReceiptHonest,
  type ProvenanceItem,
  type Relation,
} from '@heddle/protocol/lineage'
import { provenanceIdInvalid, provenanceUnknown } from './errors.ts'
import { type Ground, groundsOf, offspringOf } from './grounds.ts'
import { provenanceLimits } from './options.ts'
import type { ProvenanceDeps } from './ports.ts'

/** `child` came from `ground`. */
export type ProvenanceLink = {
  readonly child: string
  readonly ground: string
  readonly relation: Relation
}

export type Provenance = {
  readonly id: string
  readonly items: readonly ProvenanceItem[]
  readonly links: readonly ProvenanceLink[]
  /** More is known than one answer holds. */
  readonly cut: boolean
}

type Seen = { readonly shown: ProvenanceItem; readonly item: Item | undefined }
type Neighbours = (item: Item) => Promise<Ground[]>

/**
 * Where an item came from and what came of it. Every signature is checked: a link to what is not kept, or not
 * signed by whom it says, is shown as `missing` or `forged` and not followed. Rejects with `id-invalid` or
 * `unknown-item`.
 */
export async function traceItem(deps: ProvenanceDeps, id: string): Promise<Provenance> {
  if (!isId(id)) throw provenanceIdInvalid(id)
  const seen = new Map<string, Seen>()
  const links = new Map<string, ProvenanceLink>()
  const first = await lookAt(deps, id)
  if (first.shown.state === 'missing') throw provenanceUnknown(id)
  seen.set(id, first)
  let isCut = false

  const walk = async (neighbours: Neighbours, isUp: boolean): Promise<void> => {
    const walked = new Set([id])
    let edge = [id]
    for (let depth = 0; depth < provenanceLimits.depth && edge.length > 0; depth++) {
      const next: string[] = []
      for (const from of edge) {
        const item = seen.get(from)?.item
        if (item === undefined) continue
        for (const { id: to, relation } of await neighbours(item)) {
          if (!seen.has(to) && seen.size >= provenanceLimits.items) {
            isCut = true
            continue
          }
          const [child, ground] = isUp ? [from, to] : [to, from]
          links.set(`${child} ${ground}`, { child, ground, relation })
          if (!seen.has(to)) seen.set(to, await lookAt(deps, to))
          if (!walked.has(to)) next.push(to)
          walked.add(to)
        }
      }
      edge = next
    }
    if (edge.length > 0) isCut = true
  }
  await walk((item) => groundsOf(item, deps.items, deps.engine), true)
  await walk((item) => offspringOf(item, deps.items), false)
  return {
    id,
    items: [...seen.values()].map(({ shown }) => shown),
    links: [...links.values()],
    cut: isCut,
  }
}

/** An item with its signature checked; nothing a forged one says is shown or followed. */
async function lookAt({ items, verify, engine }: ProvenanceDeps, id: string): Promise<Seen> {
  const item = isId(id) ? await items.item(id) : undefined
  if (item === undefined) return { shown: { id, state: 'missing' }, item: undefined }
  const isHonest = item.id === id && (await verify(item)) && isReceiptHonest(item, engine.sha256)
  if (!isHonest) return { shown: { id, state: 'forged' }, item: undefined }
  return { shown: describeItem(item, engine.sha256), item }
}
