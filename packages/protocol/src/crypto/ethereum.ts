import { concatBytes, encodeText, toHex } from '../base/index.ts'
import type { CryptoEngine } from './engine.ts'
import { publicKeyInvalid } from './errors.ts'

/** Checksummed (EIP-55) `0x…` address of a 65-byte uncompressed secp256k1 key. */
export function ethereumAddress(publicKey65: Uint8Array, engine: CryptoEngine): string {
  if (publicKey65.length !== 65 || publicKey65[0] !== 4) {
    throw publicKeyInvalid(publicKey65.length)
  }
  const hex = toHex(engine.keccak256(publicKey65.subarray(1)).subarray(12))
  const checksum = toHex(engine.keccak256(encodeText(hex)))
  let address = '0x'
  for (let i = 0; i < hex.length; i++) {
    const digit = hex.charAt(i)
    address += checksum.charAt(i) >= '8' ? digit.toUpperCase() : digit
  }
  return address
}

/** Digest a wallet signs for a personal message (EIP-191 version 0x45). */
export function personalMessageDigest(message: Uint8Array, engine: CryptoEngine): Uint8Array {
  const prefix = encodeText(`\u0019Ethereum Signed Message:\n${message.length}`)
  return engine.keccak256(concatBytes([prefix, message]))
}
