import { constants, hash, verify } from 'node:crypto'
import {
  type CryptoEngine,
  isEd25519Shape,
  isRsaShape,
  portableCrypto,
} from '@heddle/protocol/crypto'
import { ed25519PublicKey, rsaPublicKey } from './public-keys.ts'
import { sodium } from './sodium.ts'

/**
 * The engine on OpenSSL, with Ed25519 on libsodium where its addon loads. Keccak and key recovery, which
 * OpenSSL lacks, are the portable ones.
 */
export const nodeCrypto: CryptoEngine = {
  sha256: (bytes) => digest('sha256', bytes),
  sha384: (bytes) => digest('sha384', bytes),
  keccak256: portableCrypto.keccak256,
  verifyRsaPss,
  verifyEd25519,
  recoverSecp256k1: portableCrypto.recoverSecp256k1,
}

function digest(algorithm: 'sha256' | 'sha384', bytes: Uint8Array): Uint8Array {
  // Through a string of one byte a character: half the time of a buffer, whose memory lies outside the heap.
  const text = hash(algorithm, bytes, 'binary')
  const made = new Uint8Array(text.length)
  for (let i = 0; i < made.length; i++) made[i] = text.charCodeAt(i)
  return made
}

function verifyRsaPss(modulus: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isRsaShape(modulus, signature)) return false
  return holds(() => {
    const key = {
      key: rsaPublicKey(modulus),
      padding: constants.RSA_PKCS1_PSS_PADDING,
      // Wallets differ: arweave-js takes the longest salt that fits, browsers 32 bytes or none.
      saltLength: constants.RSA_PSS_SALTLEN_AUTO,
    }
    return verify('sha256', message, key, signature)
  })
}

function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (!isEd25519Shape(publicKey, signature)) return false
  if (sodium !== undefined) {
    return sodium.crypto_sign_verify_detached(signature, message, publicKey)
  }
  return holds(() => verify(null, message, ed25519PublicKey(publicKey), signature))
}

/** OpenSSL throws where a key cannot be imported; for us that is a signature that does not hold. */
function holds(check: () => boolean): boolean {
  try {
    return check()
  } catch {
    return false
  }
}
