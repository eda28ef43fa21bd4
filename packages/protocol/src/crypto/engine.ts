/**
 * The primitives the protocol needs, as plain functions, so that Node uses OpenSSL and a browser
 * uses noble and WebCrypto while every rule above stays one piece of code. Digests are synchronous
 * because ids and chains are; signature checks may be asynchronous because WebCrypto's RSA is.
 */
export type CryptoEngine = {
  sha256(bytes: Uint8Array): Uint8Array
  sha384(bytes: Uint8Array): Uint8Array
  keccak256(bytes: Uint8Array): Uint8Array
  /** RSA-PSS, SHA-256, exponent 65537, any salt length; `modulus` big-endian. Never throws. */
  verifyRsaPss(modulus: Uint8Array, message: Uint8Array, signature: Uint8Array): Verdict
  /** RFC 8032; never throws. */
  verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Verdict
  /** Recovers the 65-byte uncompressed key of a 65-byte r‖s‖v signature over a 32-byte digest. */
  recoverSecp256k1(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined
}
export type Verdict = boolean | Promise<boolean>
