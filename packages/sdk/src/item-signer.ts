import { encodeBase64Url, equalBytes } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import {
  createItem,
  type Item,
  type ItemDraft,
  parseItem,
  type Signer,
  type Tag,
  verifyItem,
} from '@heddle/protocol/item'
import { itemAltered } from './errors.ts'

/**
 * A signer that gets whole items, as wallets of browsers want them (`signDataItem`): they lay an item out
 * themselves and show their owner what is in it.
 */
export type ItemSigner = Signer & {
  /** The bytes of the signed item. An anchor is 32 bytes of text. */
  signItem(draft: ItemDraft): Promise<Uint8Array>
}

/**
 * Signs a draft, by whichever way its signer has. Throws `item-altered` where a wallet signed something
 * else, or as somebody else, and kind `invalid`, codes `item-…`, for a draft beyond the limits.
 */
export async function createSignedItem(draft: ItemDraft, signer: Signer): Promise<Item> {
  if (!isItemSigner(signer)) return createItem(draft, signer, portableCrypto)
  const item = parseItem(await signer.signItem(draft), portableCrypto)
  const what = difference(item, draft, signer)
  if (what !== undefined) throw itemAltered(what)
  if (!(await verifyItem(item, portableCrypto))) throw itemAltered('signature')
  return item
}

/** Whether a signer gets whole items. */
export function isItemSigner(signer: Signer): signer is ItemSigner {
  return 'signItem' in signer && typeof signer.signItem === 'function'
}

/** The first part of an item that is not as it was asked for. */
function difference(item: Item, draft: ItemDraft, signer: Signer): string | undefined {
  const { data, tags = [], target = '', anchor = new Uint8Array(0) } = draft
  if (!equalBytes(item.owner, signer.owner)) return 'account'
  if (encodeBase64Url(item.target) !== target) return 'target'
  if (!equalBytes(item.anchor, anchor)) return 'anchor'
  if (!equalBytes(item.data, data)) return 'data'
  const isSame = (tag: Tag, at: number) =>
    tag.name === tags[at]?.name && tag.value === tags[at]?.value
  return item.tags.length === tags.length && item.tags.every(isSame) ? undefined : 'tags'
}
