import { decodeBase64Url, encodeBase64Url, equalBytes, errorMessage } from '@heddle/protocol/base'
import { ed25519PublicKey, portableCrypto } from '@heddle/protocol/crypto'
import {
  arweaveType,
  ed25519Type,
  ethereumSigner,
  portableEd25519Signer,
  type Signer,
} from '@heddle/protocol/item'
import { presentedOwner } from '@heddle/protocol/message'
import { walletInvalid } from './errors.ts'

/** A wallet as JSON Web Key: RSA for Arweave, Ed25519 or secp256k1 otherwise (RFC 7517, 8037, 8812). */
export type Wallet = JsonWebKey & { readonly kty: string }

/** ANS-104 signature type 1 has room for keys of this size only, and for this exponent. */
const arweaveModulusBytes = 512
const arweaveExponent = 'AQAB'
const rsaMembers = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const

/** The signer of a wallet. Throws `wallet-invalid` for a key nothing can be signed with. */
export function walletSigner(wallet: Wallet): Signer {
  if (wallet.kty === 'RSA') return arweaveSigner(wallet)
  if (wallet.kty === 'OKP' && wallet.crv === 'Ed25519') return ed25519Signer(wallet)
  if (wallet.kty === 'EC' && wallet.crv === 'secp256k1') return secp256k1Signer(wallet)
  const kind = [wallet.kty, wallet.crv].filter(Boolean).join(' ')
  throw walletInvalid(`keys of kind ${kind} cannot sign; RSA, Ed25519 and secp256k1 can`)
}

/** A new Ed25519 wallet. */
export function generateWallet(): Wallet {
  const seed = globalThis.crypto.getRandomValues(new Uint8Array(32))
  const x = encodeBase64Url(ed25519PublicKey(seed))
  return { kty: 'OKP', crv: 'Ed25519', x, d: encodeBase64Url(seed) }
}

/** Who a signer is to processes: `0x…` for Ethereum keys, else base64url(sha256(owner)). */
export function signerAddress(signer: Signer): string {
  return presentedOwner(signer, portableCrypto)
}

type KeyMember = 'n' | 'd' | 'x' | 'y'

function member(wallet: Wallet, name: KeyMember, byteLength: number): Uint8Array<ArrayBuffer> {
  const text = wallet[name]
  const bytes = typeof text === 'string' ? decodeBase64Url(text) : undefined
  if (bytes?.length === byteLength) return new Uint8Array(bytes)
  const fault = text === undefined ? 'is absent' : 'is not that'
  throw walletInvalid(`"${name}" must be ${byteLength} bytes as base64url and ${fault}`)
}

function arweaveSigner(wallet: Wallet): Signer {
  const owner = member(wallet, 'n', arweaveModulusBytes)
  if (wallet.e !== arweaveExponent) throw walletInvalid('"e" must be AQAB (65537)')
  const absent = rsaMembers.find((name) => typeof wallet[name] !== 'string')
  if (absent !== undefined) throw walletInvalid(`"${absent}" is absent`)
  // Other members (`key_ops`, `alg`, `ext`) may forbid what we want of the key.
  const members = Object.fromEntries(rsaMembers.map((name) => [name, wallet[name]]))
  const sign = webCryptoSign({ kty: 'RSA', ...members }, { name: 'RSA-PSS', hash: 'SHA-256' })
  return {
    signatureType: arweaveType,
    owner,
    sign: (payload) => sign({ name: 'RSA-PSS', saltLength: 32 }, payload),
  }
}

function ed25519Signer(wallet: Wallet): Signer {
  const seed = member(wallet, 'd', 32)
  const owner = member(wallet, 'x', 32)
  const portable = portableEd25519Signer(seed)
  if (!equalBytes(portable.owner, owner)) throw walletInvalid('"x" is not the public key of "d"')
  const { kty, crv, x, d } = { ...wallet, crv: 'Ed25519', x: wallet.x ?? '', d: wallet.d ?? '' }
  const sign = webCryptoSign({ kty, crv, x, d }, { name: 'Ed25519' })
  return {
    signatureType: ed25519Type,
    owner,
    // Browsers of before 2025, and pages without https, have no Ed25519 of their own.
    sign: (payload) => sign({ name: 'Ed25519' }, payload).catch(() => portable.sign(payload)),
  }
}

function secp256k1Signer(wallet: Wallet): Signer {
  const privateKey = member(wallet, 'd', 32)
  const point = [member(wallet, 'x', 32), member(wallet, 'y', 32)] as const
  const signer = validSecp256k1(privateKey)
  const isPair = point.every((part, at) => {
    return equalBytes(signer.owner.subarray(1 + 32 * at, 33 + 32 * at), part)
  })
  if (!isPair) throw walletInvalid('"x" and "y" are not the public key of "d"')
  return signer
}

function validSecp256k1(privateKey: Uint8Array): Signer {
  try {
    return ethereumSigner(privateKey)
  } catch (cause) {
    throw walletInvalid('"d" is no secp256k1 key', cause)
  }
}

type ImportAlgorithm = { readonly name: string; readonly hash?: string }
type SignAlgorithm = { readonly name: string; readonly saltLength?: number }

/** Imports the key at its first use: a promise made earlier would fail with nobody listening. */
function webCryptoSign(jwk: JsonWebKey, algorithm: ImportAlgorithm) {
  let key: Promise<CryptoKey> | undefined
  return async (how: SignAlgorithm, payload: Uint8Array): Promise<Uint8Array> => {
    // Absent where a page was not loaded over https.
    const subtle: SubtleCrypto | undefined = globalThis.crypto.subtle
    if (subtle === undefined) throw walletInvalid('signing with it needs a page loaded over https')
    key ??= subtle.importKey('jwk', jwk, algorithm, false, ['sign'])
    try {
      return new Uint8Array(await subtle.sign(how, await key, new Uint8Array(payload)))
    } catch (cause) {
      throw walletInvalid(`the key cannot be used (${errorMessage(cause)})`, cause)
    }
  }
}
