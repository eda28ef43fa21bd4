import { decodeBase64Url, encodeBase64Url } from '../base/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import * as errors from './errors.ts'
import type { Item, ItemDraft, Signer } from './item.ts'
import { itemLimits } from './limits.ts'
import { type SignatureShape, signatureShape } from './signature-type.ts'
import { type SignedParts, signingPayload } from './signing-payload.ts'
import { encodeTags } from './tag-codec.ts'

const empty = new Uint8Array(0)
/** Signature type, two presence bytes, tag count, tag area length. */
const fixedBytes = 2 + 1 + 1 + 8 + 8

/**
 * Writes and signs an item. `draft.data` is copied once, into `bytes` of the result. Throws kind
 * `invalid`, codes `item-…`, for a draft beyond the limits or a signer whose lengths do not fit its
 * type.
 */
export async function createItem(
  draft: ItemDraft,
  signer: Signer,
  engine: CryptoEngine,
): Promise<Item> {
  const unsigned = layOut(draft, signer)
  const signature = await signItem(unsigned, signer, engine)
  unsigned.signature.set(signature)
  return { ...unsigned, id: encodeBase64Url(engine.sha256(signature)) }
}

/** The signature over an item laid out, of the length its type has. */
export async function signItem(
  unsigned: SignedParts,
  signer: Signer,
  engine: CryptoEngine,
): Promise<Uint8Array> {
  const { name, signatureBytes } = shapeOf(signer)
  const signature = await signer.sign(signingPayload(unsigned, engine))
  if (signature.length !== signatureBytes) {
    throw errors.itemSigner('signature', name, signatureBytes, signature.length)
  }
  return signature
}

function shapeOf({ signatureType, owner }: Signer): SignatureShape {
  const shape = signatureShape(signatureType)
  if (shape === undefined) throw errors.itemSignatureType(signatureType)
  if (owner.length !== shape.ownerBytes) {
    throw errors.itemSigner('owner', shape.name, shape.ownerBytes, owner.length)
  }
  return shape
}

/** All of the item but its signature, laid out in its final bytes. */
export function layOut(draft: ItemDraft, signer: Signer): Omit<Item, 'id'> {
  const shape = shapeOf(signer)
  const tags = (draft.tags ?? []).map(({ name, value }) => ({ name, value }))
  const rawTags = encodeTags(tags)
  const target = draft.target === undefined ? empty : decodeTarget(draft.target)
  const anchor = draft.anchor ?? empty
  if (draft.anchor !== undefined && anchor.length !== 32) throw errors.itemAnchor(anchor.length)
  const variable = [target, anchor, rawTags, draft.data].reduce((sum, part) => sum + part.length, 0)
  const length = fixedBytes + shape.signatureBytes + shape.ownerBytes + variable
  if (length > itemLimits.itemBytes) throw errors.itemTooLarge(length, itemLimits.itemBytes)

  const bytes = new Uint8Array(length)
  let at = 0
  const write = (part: Uint8Array): Uint8Array => {
    bytes.set(part, at)
    at += part.length
    return bytes.subarray(at - part.length, at)
  }
  const writeNumber = (value: number, width: number): void => {
    for (let i = 0, rest = value; i < width; i++, rest = Math.floor(rest / 256)) {
      bytes[at++] = rest % 256
    }
  }
  writeNumber(signer.signatureType, 2)
  const signature = bytes.subarray(at, at + shape.signatureBytes)
  at += shape.signatureBytes
  const owner = write(signer.owner)
  writeNumber(target.length === 0 ? 0 : 1, 1)
  const targetView = write(target)
  writeNumber(anchor.length === 0 ? 0 : 1, 1)
  const anchorView = write(anchor)
  writeNumber(tags.length, 8)
  writeNumber(rawTags.length, 8)
  const tagsView = write(rawTags)
  return {
    bytes,
    signatureType: signer.signatureType,
    signature,
    owner,
    target: targetView,
    anchor: anchorView,
    rawTags: tagsView,
    tags,
    data: write(draft.data),
  }
}

function decodeTarget(target: string): Uint8Array {
  const bytes = decodeBase64Url(target)
  if (bytes?.length !== 32) throw errors.itemTarget(target)
  return bytes
}
