import { sha256, sha384 } from '@noble/hashes/sha2.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { verifyEd25519Portably } from './ed25519.ts'
import type { CryptoEngine } from './engine.ts'
import { verifyRsaPssPortably } from './rsa-pss.ts'
import { recoverSecp256k1Key } from './secp256k1.ts'

/** The engine for any JavaScript runtime. It decides exactly as the OpenSSL one, only slower. */
export const portableCrypto: CryptoEngine = {
  sha256: (bytes) => sha256(bytes),
  sha384: (bytes) => sha384(bytes),
  keccak256: (bytes) => keccak_256(bytes),
  verifyRsaPss: verifyRsaPssPortably,
  verifyEd25519: verifyEd25519Portably,
  recoverSecp256k1: recoverSecp256k1Key,
}
