import { encodeBase64Url, isId } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { type Item, tagValue, tagValues } from '@heddle/protocol/item'
import { provenanceLimits } from './options.ts'
import type { KeptItems } from './ports.ts'

/**
 * Why one item is the ground of another. `derived`: its author says so (`Derived-From`); `receipt`: the
 * receipt whose digest it names; `sender`: the process that sent it; `code`: the module its process runs;
 * `cause`: the message whose evaluation sent it.
 */
export type Relation = 'derived' | 'receipt' | 'sender' | 'code' | 'cause'

export type Ground = { readonly id: string; readonly relation: Relation }

/** What an item names as its grounds, at most `grounds` of them, each once. */
export async function groundsOf(item: Item, items: KeptItems): Promise<Ground[]> {
  const { tags } = item
  const named: Ground[] = tagValues(tags, 'Derived-From').map((id) => ({ id, relation: 'derived' }))
  const digest = tagValue(tags, 'Receipt')
  if (digest !== undefined && isId(digest)) {
    named.push({ id: await receiptItem(digest, items), relation: 'receipt' })
  }
  const add = (id: string | undefined, relation: Relation) => {
    if (id !== undefined) named.push({ id, relation })
  }
  add(tagValue(tags, 'From-Process'), 'sender')
  if (tagValue(tags, 'Type') === 'Process') add(tagValue(tags, 'Module'), 'code')
  add(tagValue(tags, 'Pushed-For'), 'cause')
  const first = new Map<string, Ground>()
  for (const ground of named) if (!first.has(ground.id)) first.set(ground.id, ground)
  return [...first.values()].slice(0, provenanceLimits.grounds)
}

/** The item that holds a receipt; where none is kept its digest stands for it, and is missing. */
async function receiptItem(digest: string, items: KeptItems): Promise<string> {
  const [id] = await items.tagged({ Type: 'Receipt', 'Receipt-Digest': digest }, 1)
  return id ?? digest
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

/** Whether a receipt's item holds what its tag says: others name it by that digest. */
export function isReceiptHonest(item: Item, engine: CryptoEngine): boolean {
  if (tagValue(item.tags, 'Type') !== 'Receipt') return true
  return tagValue(item.tags, 'Receipt-Digest') === encodeBase64Url(engine.sha256(item.data))
}
