import { secp256k1 } from '@noble/curves/secp256k1.js'
import { privateKeyInvalid } from './errors.ts'

/** Ethereum writes the recovery bit as 27 or 28. */
const recoveryBase = 27

/**
 * Public key (65 bytes, 0x04…) behind a 65-byte r‖s‖v signature over a 32-byte digest; v is 27 or
 * 28, s may be high. Undefined where there is none. Costs about a millisecond.
 */
export function recoverSecp256k1Key(
  digest: Uint8Array,
  signature: Uint8Array,
): Uint8Array | undefined {
  const recovery = (signature[64] ?? 0) - recoveryBase
  if (digest.length !== 32 || signature.length !== 65) return undefined
  if (recovery !== 0 && recovery !== 1) return undefined
  try {
    return secp256k1.Signature.fromBytes(signature.subarray(0, 64), 'compact')
      .addRecoveryBit(recovery)
      .recoverPublicKey(digest)
      .toBytes(false)
  } catch {
    // r or s out of range, or no point has this r.
    return undefined
  }
}

/**
 * Tells whether s is in the lower half of the group order, the only form Ethereum accepts (EIP-2).
 */
export function isLowS(signature: Uint8Array): boolean {
  if (signature.length < 64) return false
  return !secp256k1.Signature.fromBytes(signature.subarray(0, 64), 'compact').hasHighS()
}

/** Signs a 32-byte digest; deterministic (RFC 6979), low s, r‖s‖v with v 27 or 28. */
export function signSecp256k1(digest: Uint8Array, privateKey: Uint8Array): Uint8Array {
  const recovered = secp256k1.sign(digest, privateKey, { prehash: false, format: 'recovered' })
  const signature = new Uint8Array(65)
  signature.set(recovered.subarray(1), 0)
  signature[64] = recoveryBase + (recovered[0] ?? 0)
  return signature
}

/** The 65-byte uncompressed public key (0x04…) of a 32-byte private key. Throws `private-key`. */
export function secp256k1PublicKey(privateKey: Uint8Array): Uint8Array {
  if (!secp256k1.utils.isValidSecretKey(privateKey)) throw privateKeyInvalid('a secp256k1 key')
  return secp256k1.getPublicKey(privateKey, false)
}
