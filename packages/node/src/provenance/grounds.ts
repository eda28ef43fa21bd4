import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, tagValue } from '@heddle/protocol/item'
import { isReceiptHonest, namedGrounds, type Relation } from '@heddle/protocol/lineage'
import { provenanceLimits } from './options.ts'
import type { KeptItems } from './ports.ts'

export type Ground = { readonly id: string; readonly relation: Relation }

/** What an item names as its grounds, at most `grounds` of them, each once. */
export async function groundsOf(
  item: Item,
  items: KeptItems,
  engine: CryptoEngine,
): Promise<Ground[]> {
  const first = new Map<string, Ground>()
  for (const { name, relation } of namedGrounds(item)) {
    const id = relation === 'receipt' ? await receiptItem(name, items, engine) : name
    if (!first.has(id)) first.set(id, { id, relation })
  }
  return [...first.values()].slice(0, provenanceLimits.grounds)
}

/** Items looked at for one digest: anybody can put any digest into a tag. */
const claimsMax = 64

/**
 * The item that holds a receipt. Where none does, one that claims to stands for it, and shows as forged; where
 * there is not even that its digest does, and is missing.
 */
async function receiptItem(
  digest: string,
  items: KeptItems,
  engine: CryptoEngine,
): Promise<string> {
  const claims = await items.tagged({ Type: 'Receipt', 'Receipt-Digest': digest }, claimsMax)
  for (const id of claims) {
    const item = await items.item(id)
    if (item !== undefined && isReceiptHonest(item, engine.sha256)) return id
  }
  return claims[0] ?? digest
}

/** Items that name this one as a ground. */
export async function offspringOf(item: Item, items: KeptItems): Promise<Ground[]> {
  const { offspring } = provenanceLimits
  const { id, tags } = item
  const derived = await items.tagged({ 'Derived-From': id }, offspring)
  const type = tagValue(tags, 'Type')
  const digest = type === 'Receipt' ? tagValue(tags, 'Receipt-Digest') : undefined
  const decisions = digest === undefined ? [] : await items.tagged({ Receipt: digest }, offspring)
  const runs =
    type === 'Model' ? await items.tagged({ Type: 'Process', Module: id }, offspring) : []
  const lists: readonly (readonly [readonly string[], Relation])[] = [
    [derived, 'derived'],
    [decisions, 'receipt'],
    [runs, 'code'],
  ]
  return lists.flatMap(([ids, relation]) => ids.map((each) => ({ id: each, relation })))
}
