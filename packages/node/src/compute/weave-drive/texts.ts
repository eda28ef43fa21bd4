import { decodeBase64Url, decodeText, encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import type { DriveHeader } from '../ports.ts'

/**
 * `/tx/ID`: the transaction as nodes show it, without its data, and who owns it. Only what the
 * signature covers, so that every unit writes the same text.
 */
export function transactionText(header: DriveHeader, engine: CryptoEngine): Uint8Array {
  return encodeText(
    JSON.stringify({ ...signedFields(header), ownerAddress: ownerOf(header, engine) }),
  )
}

/** `/tx2/ID`: the same in the shape of a GraphQL answer. Block and bundle are not the item's word. */
export function nodeText(header: DriveHeader, engine: CryptoEngine): Uint8Array {
  const { id, last_tx: anchor, signature, target: recipient, owner: key } = header
  const node = {
    id,
    anchor,
    signature,
    recipient,
    owner: { address: ownerOf(header, engine), key },
    fee: { winston: header.reward },
    quantity: { winston: header.quantity },
    data: { size: header.data_size },
    tags: header.tags.map(({ name, value }) => ({ name: plain(name), value: plain(value) })),
  }
  return encodeText(JSON.stringify(node))
}

/** Named one by one: what a host adds to its answers must not get in. */
function signedFields(header: DriveHeader) {
  const { format, id, last_tx, owner, target, quantity, data_size, data_root, reward } = header
  const tags = header.tags.map(({ name, value }) => ({ name, value }))
  const { signature } = header
  return {
    ...{ format, id, last_tx, owner, tags, target, quantity, data: '' },
    ...{ data_size, data_root, reward, signature },
  }
}

function ownerOf({ owner }: DriveHeader, engine: CryptoEngine): string {
  return encodeBase64Url(engine.sha256(decodeBase64Url(owner) ?? new Uint8Array(0)))
}

function plain(base64Url: string): string {
  return decodeText(decodeBase64Url(base64Url) ?? new Uint8Array(0))
}
