import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes } from '../base/index.ts'
import { privateKeyInvalid } from './errors.ts'

const keyBytes = 32
const signatureBytes = 64
const fieldOrder = 2n ** 255n - 19n
/** y of the two pairs of points of order 8. */
const orderEightY = 2707385501144840649318225287225658788936804267575313519463743609750303402022n
const otherOrderEightY =
  55188659117513257062467267217118295137698188065244968500265048394206261417927n
const smallOrderY = [0n, 1n, fieldOrder - 1n, orderEightY, otherOrderEightY]

/**
 * Tells whether a key is canonical and not of small order. Libraries differ on exactly these keys
 * (under a small-order key one signature fits every message), so all engines ask here first.
 */
export function isEd25519Key(publicKey: Uint8Array): boolean {
  if (publicKey.length !== keyBytes) return false
  // The top bit is the sign of x; both signs of a small-order y are refused.
  const y = littleEndian(publicKey) & ((1n << 255n) - 1n)
  return y < fieldOrder && !smallOrderY.includes(y)
}

/**
 * RFC 8032 §5.1.7 without the cofactor: R must be the encoding of sB − kA, byte for byte. OpenSSL
 * decides so too; the cofactored equation accepts more, and nodes must not differ on one signature.
 */
export function verifyEd25519Portably(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== signatureBytes || !isEd25519Key(publicKey)) return false
  const { Point } = ed25519
  const encodedR = signature.subarray(0, 32)
  const s = littleEndian(signature.subarray(32))
  if (s >= Point.Fn.ORDER) return false
  try {
    const a = Point.fromBytes(publicKey)
    const k = Point.Fn.create(littleEndian(sha512(concatBytes([encodedR, publicKey, message]))))
    const r = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k))
    return equalBytes(r.toBytes(), encodedR)
  } catch {
    // The key is not a point of the curve.
    return false
  }
}

/**
 * The 32-byte public key of a 32-byte seed. Throws `private-key` where the seed has another length.
 */
export function ed25519PublicKey(seed32: Uint8Array): Uint8Array {
  if (seed32.length !== keyBytes) throw privateKeyInvalid('an Ed25519 seed')
  return ed25519.getPublicKey(seed32)
}

/** RFC 8032 signature of 64 bytes; deterministic. */
export function signEd25519(message: Uint8Array, seed32: Uint8Array): Uint8Array {
  if (seed32.length !== keyBytes) throw privateKeyInvalid('an Ed25519 seed')
  return ed25519.sign(message, seed32)
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0)
  return value
}
