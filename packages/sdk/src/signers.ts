import { decodeBase64Url, HeddleError } from '@heddle/protocol/base'
import { arweaveType, ed25519Type, ethereumSigner, type Signer } from '@heddle/protocol/item'

/** A wallet as JSON Web Key: RSA for Arweave, Ed25519 or secp256k1 otherwise (RFC 7517, 8037, 8812). */
export type Wallet = JsonWebKey & { readonly kty: string }

function member(wallet: Wallet, name: 'n' | 'd' | 'x'): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64Url(wallet[name] ?? '')
  if (bytes !== undefined && bytes.length > 0) return new Uint8Array(bytes)
  const text = `wallet lacks a valid "${name}": give a private JWK, e.g. one made by \`heddle keygen\``
  throw new HeddleError('wallet-invalid', 'invalid', text)
}

function arweaveSigner(wallet: Wallet): Signer {
  const owner = member(wallet, 'n')
  member(wallet, 'd')
  const algorithm = { name: 'RSA-PSS', hash: 'SHA-256' }
  const { subtle } = globalThis.crypto
  const jwk = { ...wallet, alg: 'PS256', key_ops: ['sign'], ext: true }
  const key = subtle.importKey('jwk', jwk, algorithm, false, ['sign'])
  return {
    signatureType: arweaveType,
    owner,
    async sign(payload) {
      const options = { name: 'RSA-PSS', saltLength: 32 }
      return new Uint8Array(await subtle.sign(options, await key, new Uint8Array(payload)))
    },
  }
}

function ed25519Signer(wallet: Wallet): Signer {
  const { subtle } = globalThis.crypto
  member(wallet, 'd')
  const key = subtle.importKey('jwk', wallet, 'Ed25519', false, ['sign'])
  return {
    signatureType: ed25519Type,
    owner: member(wallet, 'x'),
    async sign(payload) {
      return new Uint8Array(await subtle.sign('Ed25519', await key, new Uint8Array(payload)))
    },
  }
}

/** The signer of a wallet. Throws `wallet-invalid` for a key it cannot sign with. */
export function walletSigner(wallet: Wallet): Signer {
  if (wallet.kty === 'RSA') return arweaveSigner(wallet)
  if (wallet.kty === 'OKP' && wallet.crv === 'Ed25519') return ed25519Signer(wallet)
  if (wallet.kty === 'EC' && wallet.crv === 'secp256k1') return ethereumSigner(member(wallet, 'd'))
  const text = `wallet of kind ${wallet.kty} ${wallet.crv ?? ''}: give RSA, Ed25519 or secp256k1`
  throw new HeddleError('wallet-invalid', 'invalid', text)
}

/** A new Ed25519 wallet. */
export async function generateWallet(): Promise<Wallet> {
  const { subtle } = globalThis.crypto
  const pair = await subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new Error('Ed25519 gives a pair of keys')
  const { kty, crv, x, d } = await subtle.exportKey('jwk', pair.privateKey)
  return { kty: kty ?? 'OKP', crv: crv ?? 'Ed25519', x: x ?? '', d: d ?? '' }
}
