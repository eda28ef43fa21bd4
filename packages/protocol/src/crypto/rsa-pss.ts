import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes } from '../base/index.ts'

const hashBytes = 32
const exponent = 65_537
/** 2,048 to 4,096 bits: below is breakable, above lets a stranger choose our bill. */
const minModulusBytes = 256
const maxModulusBytes = 512

/**
 * Tells whether a modulus and a signature have a shape that every engine judges alike: no leading
 * zero byte (libraries strip it and then disagree on lengths), odd, equal lengths, bounded size.
 */
export function isRsaShape(modulus: Uint8Array, signature: Uint8Array): boolean {
  return (
    modulus.length >= minModulusBytes &&
    modulus.length <= maxModulusBytes &&
    signature.length === modulus.length &&
    modulus[0] !== 0 &&
    ((modulus.at(-1) ?? 0) & 1) === 1
  )
}

/**
 * RSASSA-PSS verification (RFC 8017 §8.1.2) with SHA-256, MGF1-SHA-256, exponent 65537 and whatever
 * salt length the signature has. Synchronous and slow (some milliseconds): for runtimes without
 * OpenSSL.
 */
export function verifyRsaPssPortably(
  modulus: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!isRsaShape(modulus, signature)) return false
  const n = bytesToBigInt(modulus)
  const s = bytesToBigInt(signature)
  if (s >= n) return false
  const encodedBits = bitLength(modulus) - 1
  const encoded = bigIntToBytes(powerModulo(s, exponent, n), Math.ceil(encodedBits / 8))
  return encoded !== undefined && isPssEncoding(encoded, encodedBits, sha256(message))
}

/** EMSA-PSS-VERIFY, RFC 8017 §9.1.2, the salt length read off the padding. */
function isPssEncoding(encoded: Uint8Array, encodedBits: number, digest: Uint8Array): boolean {
  if (encoded.at(-1) !== 0xbc) return false
  const maskedLength = encoded.length - hashBytes - 1
  const topMask = 0xff >> (8 * encoded.length - encodedBits)
  if (((encoded[0] ?? 0) & ~topMask) !== 0) return false
  const hash = encoded.subarray(maskedLength, maskedLength + hashBytes)
  const block = maskGeneration(hash, maskedLength)
  for (let i = 0; i < maskedLength; i++) block[i] = (block[i] ?? 0) ^ (encoded[i] ?? 0)
  block[0] = (block[0] ?? 0) & topMask
  const separator = block.findIndex((byte) => byte !== 0)
  if (separator < 0 || block[separator] !== 1) return false
  const salt = block.subarray(separator + 1)
  return equalBytes(hash, sha256(concatBytes([new Uint8Array(8), digest, salt])))
}

/** MGF1 with SHA-256, RFC 8017 appendix B.2.1. */
function maskGeneration(seed: Uint8Array, length: number): Uint8Array {
  const mask = new Uint8Array(Math.ceil(length / hashBytes) * hashBytes)
  for (let counter = 0; counter * hashBytes < length; counter++) {
    // Lengths are below 512 bytes, so the counter always fits its last byte.
    const block = concatBytes([seed, Uint8Array.of(0, 0, 0, counter)])
    mask.set(sha256(block), counter * hashBytes)
  }
  return mask.subarray(0, length)
}

function powerModulo(base: bigint, power: number, modulus: bigint): bigint {
  let result = 1n
  let square = base
  for (let rest = power; rest > 0; rest >>>= 1) {
    if (rest & 1) result = (result * square) % modulus
    square = (square * square) % modulus
  }
  return result
}

function bytesToBigInt(bytes: Uint8Array): bigint {
  let hex = '0x'
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return BigInt(hex)
}

/** Big-endian bytes of exactly `length`, or undefined where the value does not fit. */
function bigIntToBytes(value: bigint, length: number): Uint8Array | undefined {
  const hex = value.toString(16).padStart(2 * length, '0')
  if (hex.length > 2 * length) return undefined
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

function bitLength(modulus: Uint8Array): number {
  return 8 * modulus.length - (Math.clz32(modulus[0] ?? 0) - 24)
}
