import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes } from '../base/index.ts'
import { privateKeyInvalid } from './errors.ts'

const keyBytes = 32
const signatureBytes = 64
const lastByte = keyBytes - 1
/** y of the points of order 1, 2, 4 and (two) 8; little-endian, without the sign of x. */
const smallOrders = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(fromHex)

/**
 * Tells whether an encoded point, a key or a signature's R, is canonical and not of small order.
 * Libraries differ on exactly these (under a small-order key one signature fits every message), so all
 * engines ask here first.
 */
export function isEd25519Point(encoded: Uint8Array): boolean {
  return encoded.length === keyBytes && isBelowFieldOrder(encoded) && !isSmallOrder(encoded)
}

/** 2^255 - 19 is all ones but for the lowest byte, 0xed. */
function isBelowFieldOrder(encoded: Uint8Array): boolean {
  if (((encoded[lastByte] ?? 0) & 127) !== 127) return true
  for (let at = 1; at < lastByte; at++) if (encoded[at] !== 255) return true
  return (encoded[0] ?? 0) < 0xed
}

/** The top bit is the sign of x; both signs of a small-order y are refused. */
function isSmallOrder(encoded: Uint8Array): boolean {
  return smallOrders.some((y) => {
    for (let at = 0; at < lastByte; at++) if (encoded[at] !== y[at]) return false
    return ((encoded[lastByte] ?? 0) & 127) === y[lastByte]
  })
}

/** What every engine asks before it verifies: lengths, and both points as `isEd25519Point` has them. */
export function isEd25519Shape(publicKey: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== signatureBytes) return false
  return isEd25519Point(publicKey) && isEd25519Point(signature.subarray(0, keyBytes))
}

/**
 * RFC 8032 §5.1.7 without the cofactor: R must be the encoding of sB − kA, byte for byte. OpenSSL
 * and libsodium decide so too; the cofactored equation accepts more, and nodes must not differ on one signature.
 */
export function verifyEd25519Portably(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!isEd25519Shape(publicKey, signature)) return false
  const { Point } = ed25519
  const encodedR = signature.subarray(0, keyBytes)
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

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0)
  return value
}
