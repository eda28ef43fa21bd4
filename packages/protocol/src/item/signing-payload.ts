import { concatBytes, decodeText, encodeText, equalBytes, toHex } from '../base/index.ts'
import { type CryptoEngine, extendDeepHash, foldDigest, startDeepHash } from '../crypto/index.ts'
import type { Item } from './item.ts'
import { typedEthereumType } from './signature-type.ts'

/** Data that went by as a stream: a signature covers no more of it than this. */
export type DigestedData = { readonly sizeBytes: number; readonly sha384: Uint8Array }

/** The parts of an item that its signature covers. */
export type SignedParts = Pick<
  Item,
  'signatureType' | 'owner' | 'target' | 'anchor' | 'rawTags'
> & { readonly data: Uint8Array | DigestedData }

const signedPartCount = 8

/**
 * Deep-hash states after the parts that a signature type fixes: 13 of the 33 digests of an item.
 */
const startStates = new Map<number, Uint8Array>()

/**
 * The 48-byte deep hash of an item. It covers the signature type and the tags as sent: deployed
 * code does so, the text of ANS-104 is out of date (arbundles issue 80).
 */
function itemDeepHash(item: SignedParts, engine: CryptoEngine): Uint8Array {
  const { owner, target, anchor, rawTags, data } = item
  const start = ownerState(item.signatureType, owner, engine)
  const parts = [target, anchor, rawTags]
  if (data instanceof Uint8Array) return extendDeepHash(start, [...parts, data], engine)
  return foldDigest(extendDeepHash(start, parts, engine), data, engine)
}

function startState(signatureType: number, engine: CryptoEngine): Uint8Array {
  const known = startStates.get(signatureType)
  if (known !== undefined) return known
  const fixedParts = ['dataitem', '1', String(signatureType)].map(encodeText)
  const state = extendDeepHash(startDeepHash(signedPartCount, engine), fixedParts, engine)
  startStates.set(signatureType, state)
  return state
}

/** Of each signature type the owner seen last: a node signs with one key, a client's items come in rows. */
const ownerStates = new Map<number, { readonly owner: Uint8Array; readonly state: Uint8Array }>()

/** The state after the owner as well. */
function ownerState(type: number, owner: Uint8Array, engine: CryptoEngine): Uint8Array {
  const last = ownerStates.get(type)
  if (last !== undefined && equalBytes(last.owner, owner)) return last.state
  const state = extendDeepHash(startState(type, engine), [owner], engine)
  // A copy: the owner is a view into bytes that may be written to later.
  ownerStates.set(type, { owner: owner.slice(), state })
  return state
}

/** What a `Signer` is handed: the deep hash, or the typed-data digest for type 7. */
export function signingPayload(item: SignedParts, engine: CryptoEngine): Uint8Array {
  const hash = itemDeepHash(item, engine)
  if (item.signatureType !== typedEthereumType) return hash
  return typedItemDigest(decodeText(item.owner), hash, engine)
}

/** What a Solana wallet signs: the deep hash as hexadecimal text. */
export function solanaMessage(hash: Uint8Array): Uint8Array {
  return encodeText(toHex(hash))
}

/**
 * EIP-712 digest of type 7: domain `Bundlr` version 1, struct
 * `Bundlr(bytes Transaction hash,address address)`. `address` is `0x` and 40 hexadecimal digits.
 */
function typedItemDigest(address: string, hash: Uint8Array, engine: CryptoEngine): Uint8Array {
  const keccakText = (text: string) => engine.keccak256(encodeText(text))
  const domain = concatBytes([
    keccakText('EIP712Domain(string name,string version)'),
    keccakText('Bundlr'),
    keccakText('1'),
  ])
  const struct = concatBytes([
    keccakText('Bundlr(bytes Transaction hash,address address)'),
    engine.keccak256(hash),
    addressWord(address),
  ])
  const prefix = Uint8Array.of(0x19, 0x01)
  return engine.keccak256(concatBytes([prefix, engine.keccak256(domain), engine.keccak256(struct)]))
}

/** An address as a 32-byte word; digits that are not hexadecimal count as zero and never verify. */
function addressWord(address: string): Uint8Array {
  const word = new Uint8Array(32)
  for (let i = 0; i < 20; i++) {
    word[12 + i] = Number.parseInt(address.slice(2 + 2 * i, 4 + 2 * i), 16) || 0
  }
  return word
}
