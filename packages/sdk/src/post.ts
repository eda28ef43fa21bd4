import { encodeText, isHeddleError, toHex } from '@heddle/protocol/base'
import type { Item, ItemDraft, Signer } from '@heddle/protocol/item'
import { signerMissing } from './errors.ts'
import { createSignedItem } from './item-signer.ts'
import { postBytes, type Transport } from './transport.ts'

/**
 * 32 characters that set an item apart: the same words signed twice with a deterministic key (Ed25519)
 * would else be one item with one id, and the second would be dropped as a repeat.
 */
function newAnchor(): Uint8Array {
  return encodeText(toHex(globalThis.crypto.getRandomValues(new Uint8Array(16))))
}

/** Signs a draft as an item of its own, whatever was signed before. Throws `signer-missing`. */
export function signItem(signer: Signer | undefined, draft: ItemDraft): Promise<Item> {
  if (signer === undefined) throw signerMissing()
  return createSignedItem({ ...draft, anchor: newAnchor() }, signer)
}

/**
 * Signs and posts an item to the messenger; returns its id once it has a durable slot. Where the
 * connection broke, the same bytes are posted once more: whoever has them already answers as before.
 */
export async function postItem(
  transport: Transport,
  signer: Signer | undefined,
  draft: ItemDraft,
  signal?: AbortSignal,
): Promise<string> {
  const { id, bytes } = await signItem(signer, draft)
  const post = () => postBytes(transport, '/mu/', bytes, signal)
  await post().catch((error) => {
    const isBroken = isHeddleError(error, 'node-unreachable') || isHeddleError(error, 'answer-cut')
    if (isBroken) return post()
    throw error
  })
  return id
}
