import { concatBytes, decodeText, encodeText, toHex } from '../base/index.ts'
import { type CryptoEngine, extendDeepHash, startDeepHash } from '../crypto/index.ts'
import type { Item } from './item.ts'
import { typedEthereumType } from './signature-type.ts'

/** The parts of an item that its signature covers. */
type SignedParts = Pick<Item, 'signatureType' | 'owner' | 'target' | 'anchor' | 'rawTags' | 'data'>

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
  const start = startState(item.signatureType, engine)
  return extendDeepHash(start, [owner, target, anchor, rawTags, data], engine)
}

function startState(signatureType: number, engine: CryptoEngine): Uint8Array {
  const known = startStates.get(signatureType)
  if (known !== undefined) return known
  const fixedParts = ['dataitem', '1', String(signatureType)].map(encodeText)
  const state = extendDeepHash(startDeepHash(signedPartCount, engine), fixedParts, engine)
  startStates.set(signatureType, state)
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
