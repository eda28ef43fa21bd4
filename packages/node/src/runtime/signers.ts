import {
  constants,
  createPrivateKey,
  createPublicKey,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto'
import { HeddleError } from '@heddle/protocol/base'
import { arweaveType, ed25519Type, type Signer } from '@heddle/protocol/item'
import { type Sodium, sodium } from './sodium.ts'

/** DER of an Ed25519 PKCS #8 key up to the 32 seed bytes (RFC 8410 §10.3). */
const ed25519Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const seedBytes = 32
const signatureBytes = 64
/** Salt as long as the digest: what every wallet and verifier of Arweave accepts. */
const saltBytes = 32
const arweaveModulusBytes = 512

/** Signs as type 2, the default key of a node: deterministic, 0.04 ms. `seed32` as in RFC 8032. */
export function ed25519Signer(seed32: Uint8Array): Signer {
  if (seed32.length !== seedBytes) throw keyInvalid('an Ed25519 seed has 32 bytes')
  const der = Buffer.concat([ed25519Prefix, seed32])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  const owner = decode(x)
  if (sodium === undefined) {
    return { signatureType: ed25519Type, owner, sign: (payload) => sign(null, payload, key) }
  }
  return { signatureType: ed25519Type, owner, sign: sodiumSign(sodium, seed32, owner) }
}

function sodiumSign(engine: Sodium, seed32: Uint8Array, owner: Uint8Array): Signer['sign'] {
  const secretKey = Buffer.concat([seed32, owner])
  return (payload) => {
    const signature = new Uint8Array(signatureBytes)
    engine.crypto_sign_detached(signature, payload, secretKey)
    return signature
  }
}

/** Signs as type 1 with a 4096-bit Arweave wallet; about 8 ms a signature, off the event loop. */
export function arweaveSigner(jwk: JsonWebKey): Signer {
  const owner = decode(jwk.n)
  if (jwk.kty !== 'RSA' || owner.length !== arweaveModulusBytes) {
    throw keyInvalid('an Arweave wallet is a 4096-bit RSA key in JWK form')
  }
  const key = importWallet(jwk)
  return { signatureType: arweaveType, owner, sign: (payload) => signRsaPss(payload, key) }
}

function signRsaPss(payload: Uint8Array, key: KeyObject): Promise<Uint8Array> {
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return new Promise((resolve, reject) => {
    sign('sha256', payload, { key, padding, saltLength: saltBytes }, (error, signature) => {
      if (error) reject(error)
      else resolve(signature)
    })
  })
}

function importWallet(jwk: JsonWebKey): KeyObject {
  try {
    return createPrivateKey({ key: jwk, format: 'jwk' })
  } catch {
    // No cause: it may quote the key.
    throw keyInvalid('the wallet is not a private RSA key')
  }
}

function decode(base64url: string | undefined): Uint8Array {
  return new Uint8Array(Buffer.from(base64url ?? '', 'base64url'))
}

function keyInvalid(what: string): HeddleError {
  return new HeddleError('private-key', 'invalid', `${what}. Check the key file.`)
}
