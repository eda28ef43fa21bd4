import { encodeBase64Url } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import { layOut, signItem } from './create.ts'
import type { ItemDraft, Signer } from './item.ts'
import type { DigestedData } from './signing-payload.ts'

/** All of an item that stands before its data; the item is these bytes and the data behind them. */
export type ItemHeader = { readonly id: string; readonly bytes: Uint8Array }

/**
 * Signs an item whose data is too large for memory, told by its size and SHA-384. Throws as
 * `createItem`, which makes the same item of the same data.
 */
export async function createItemHeader(
  draft: Omit<ItemDraft, 'data'>,
  data: DigestedData,
  signer: Signer,
  engine: CryptoEngine,
): Promise<ItemHeader> {
  const unsigned = layOut({ ...draft, data: new Uint8Array(0) }, signer)
  const signature = await signItem({ ...unsigned, data }, signer, engine)
  unsigned.signature.set(signature)
  return { id: encodeBase64Url(engine.sha256(signature)), bytes: unsigned.bytes }
}
