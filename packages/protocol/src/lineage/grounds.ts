import { encodeBase64Url, isId } from '../base/index.ts'
import { type Item, tagValue, tagValues } from '../item/index.ts'

export type Sha256 = (bytes: Uint8Array) => Uint8Array

/**
 * Why one item is the ground of another. `derived`: its author says so (`Derived-From`); `receipt`: the
 * receipt whose digest it names; `sender`: the process that sent it; `code`: the module its process runs;
 * `cause`: the message whose evaluation sent it.
 */
export type Relation = 'derived' | 'receipt' | 'sender' | 'code' | 'cause'

/** A ground as an item's tags name it: by id, a receipt by its digest. */
export type NamedGround = { readonly name: string; readonly relation: Relation }

/** What the tags of an item name as its grounds, in the order of what counts first. */
export function namedGrounds({ tags }: Item): NamedGround[] {
  const named: NamedGround[] = []
  const add = (name: string | undefined, relation: Relation) => {
    if (name !== undefined) named.push({ name, relation })
  }
  for (const id of tagValues(tags, 'Derived-From')) add(id, 'derived')
  const digest = tagValue(tags, 'Receipt')
  if (digest !== undefined && isId(digest)) add(digest, 'receipt')
  add(tagValue(tags, 'From-Process'), 'sender')
  if (tagValue(tags, 'Type') === 'Process') add(tagValue(tags, 'Module'), 'code')
  add(tagValue(tags, 'Pushed-For'), 'cause')
  return named
}

/**
 * Whether an item does name this ground, in this relation. `ground` is its id, or the digest of a receipt that
 * nobody has; `groundItem` where it is there.
 */
export function namesGround(
  child: Item,
  { ground, relation }: { readonly ground: string; readonly relation: string },
  groundItem: Item | undefined,
  sha256: Sha256,
): boolean {
  const names = namedGrounds(child)
    .filter((named) => named.relation === relation)
    .map(({ name }) => name)
  if (names.includes(ground)) return true
  if (relation !== 'receipt' || groundItem === undefined) return false
  // One whose tag lies is forged itself; that it is what was named still holds.
  const digests = [digestOf(groundItem, sha256), tagValue(groundItem.tags, 'Receipt-Digest')]
  return digests.some((digest) => digest !== undefined && names.includes(digest))
}

/** Whether a receipt's item holds what its tag says: others name it by that digest. */
export function isReceiptHonest(item: Item, sha256: Sha256): boolean {
  if (tagValue(item.tags, 'Type') !== 'Receipt') return true
  return tagValue(item.tags, 'Receipt-Digest') === digestOf(item, sha256)
}

function digestOf({ data }: Item, sha256: Sha256): string {
  return encodeBase64Url(sha256(data))
}
