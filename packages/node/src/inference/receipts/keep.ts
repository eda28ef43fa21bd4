import { encodeBase64Url } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { createItem, type Item, type Signer, type Tag } from '@heddle/protocol/item'
import { readReceipt } from '@heddle/protocol/receipt'
import type { KeptItems } from '../ports.ts'

export type ReceiptKeeper = {
  /**
   * Signs a receipt with the node's key and keeps it; resolves with the item's id once it is durable. An
   * Ed25519 key signs the same receipt the same, so that an answer given twice has one receipt.
   */
  keep(receipt: Uint8Array, modelId: string, more?: readonly Tag[]): Promise<string>
}

export function createReceiptKeeper(
  items: Pick<KeptItems, 'keep'>,
  signer: Signer,
  engine: CryptoEngine,
): ReceiptKeeper {
  return {
    keep: async (bytes, modelId, more = []) => {
      const { model, tokenizer } = readReceipt(bytes, engine.sha256)
      const tags = [
        { name: 'Data-Protocol', value: 'Heddle' },
        { name: 'Type', value: 'Receipt' },
        { name: 'Content-Type', value: 'application/json' },
        { name: 'Receipt-Digest', value: encodeBase64Url(engine.sha256(bytes)) },
        { name: 'Model', value: modelId },
        { name: 'Model-Root', value: model },
        { name: 'Tokenizer', value: tokenizer },
        { name: 'Derived-From', value: modelId },
        ...more,
      ]
      const item = await createItem({ data: bytes, tags }, signer, engine)
      await items.keep(item)
      return item.id
    },
  }
}

/** Items looked at for one digest: anybody can put any digest into a tag. */
const claimsMax = 64

/** A kept receipt whose data has this digest, whatever its tags say; undefined where there is none. */
export async function receiptOfDigest(
  items: Pick<KeptItems, 'item' | 'tagged'>,
  digest: string,
  sha256: (bytes: Uint8Array) => Uint8Array,
): Promise<Item | undefined> {
  for (const id of await items.tagged({ Type: 'Receipt', 'Receipt-Digest': digest }, claimsMax)) {
    const item = await items.item(id)
    if (item !== undefined && encodeBase64Url(sha256(item.data)) === digest) return item
  }
  return undefined
}
