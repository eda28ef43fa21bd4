import { createPublicKey, type KeyObject } from 'node:crypto'

/** DER of SubjectPublicKeyInfo up to the 32 key bytes (RFC 8410 §10.1). */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex')
/** 65537 in base64url. */
const publicExponent = 'AQAB'

/**
 * How many imported keys are kept; about 2 KiB each. Importing costs a quarter of a verification.
 */
const keptKeys = 512

const kept = new Map<string, KeyObject>()

/** OpenSSL's form of a raw Ed25519 key. Throws where it cannot be one. */
export function ed25519PublicKey(publicKey: Uint8Array): KeyObject {
  return remember(publicKey, () =>
    createPublicKey({
      key: Buffer.concat([ed25519Prefix, publicKey]),
      format: 'der',
      type: 'spki',
    }),
  )
}

/** OpenSSL's form of an RSA key with exponent 65537. Throws where it cannot be one. */
export function rsaPublicKey(modulus: Uint8Array): KeyObject {
  return remember(modulus, () => {
    const n = Buffer.from(modulus.buffer, modulus.byteOffset, modulus.length).toString('base64url')
    return createPublicKey({ key: { kty: 'RSA', n, e: publicExponent }, format: 'jwk' })
  })
}

/** The kinds differ in length (32 bytes against 256 and more), so the bytes alone name a key. */
function remember(bytes: Uint8Array, read: () => KeyObject): KeyObject {
  const name = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  const known = kept.get(name)
  if (known !== undefined) return known
  const key = read()
  const [oldest] = kept.keys()
  if (kept.size >= keptKeys && oldest !== undefined) kept.delete(oldest)
  kept.set(name, key)
  return key
}
