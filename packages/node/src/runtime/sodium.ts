import { createRequire } from 'node:module'

/** What is used of libsodium: RFC 8032 signatures, at half the time OpenSSL takes. */
export type Sodium = {
  /** Throws on wrong lengths. */
  crypto_sign_verify_detached(
    signature: Uint8Array,
    message: Uint8Array,
    publicKey: Uint8Array,
  ): boolean
  /** `secretKey` is the seed and the public key behind it, 64 bytes. */
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void
}

/** Undefined where the addon has no build for this machine: OpenSSL then decides the same, slower. */
export const sodium: Sodium | undefined = load()

function load(): Sodium | undefined {
  try {
    return createRequire(import.meta.url)('sodium-native') as Sodium
  } catch {
    return undefined
  }
}
