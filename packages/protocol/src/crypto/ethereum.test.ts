import { expect, test } from 'vitest'
import { encodeText, isHeddleError, toHex } from '../base/index.ts'
import { ethereumAddress, personalMessageDigest } from './ethereum.ts'
import { portableCrypto } from './portable.ts'
import { isLowS, recoverSecp256k1Key, secp256k1PublicKey, signSecp256k1 } from './secp256k1.ts'

const groupOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const privateKey = new Uint8Array(32).fill(0x11)

/** The other valid signature over the same digest: s negated, v switched. */
function highTwin(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${toHex(signature.subarray(32, 64))}`)
  const hex = (groupOrder - s).toString(16).padStart(64, '0')
  const twin = Uint8Array.from(signature)
  for (let i = 0; i < 32; i++) twin[32 + i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16)
  twin[64] = signature[64] === 27 ? 28 : 27
  return twin
}

test('addresses carry the EIP-55 checksum', () => {
  // Keys 1 and 2 of secp256k1; their addresses are widely published.
  const addressOf = (last: number) => {
    const key = new Uint8Array(32)
    key[31] = last
    return ethereumAddress(secp256k1PublicKey(key), portableCrypto)
  }
  expect(addressOf(1)).toBe('0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf')
  expect(addressOf(2)).toBe('0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF')
})

test('a compressed key has no address', () => {
  try {
    ethereumAddress(new Uint8Array(33).fill(2), portableCrypto)
    expect.unreachable()
  } catch (error) {
    expect(isHeddleError(error, 'public-key')).toBe(true)
  }
})

test('recovery finds the signer, in low and in high form', () => {
  const digest = personalMessageDigest(encodeText('hello'), portableCrypto)
  const signature = signSecp256k1(digest, privateKey)
  const owner = secp256k1PublicKey(privateKey)
  expect(recoverSecp256k1Key(digest, signature)).toEqual(owner)
  expect(isLowS(signature)).toBe(true)
  const twin = highTwin(signature)
  expect(recoverSecp256k1Key(digest, twin)).toEqual(owner)
  expect(isLowS(twin)).toBe(false)
})

test('recovery gives nothing for a malformed signature', () => {
  const digest = portableCrypto.sha256(encodeText('hello'))
  const signature = signSecp256k1(digest, privateKey)
  for (const v of [0, 1, 26, 29, 255]) {
    const other = Uint8Array.from(signature)
    other[64] = v
    expect(recoverSecp256k1Key(digest, other)).toBeUndefined()
  }
  expect(recoverSecp256k1Key(digest, signature.subarray(0, 64))).toBeUndefined()
  expect(recoverSecp256k1Key(digest.subarray(1), signature)).toBeUndefined()
  for (const fill of [0, 255]) {
    const other = new Uint8Array(65).fill(fill)
    other[64] = 27
    expect(recoverSecp256k1Key(digest, other)).toBeUndefined()
  }
})

test('a private key out of range is refused', () => {
  for (const key of [
    new Uint8Array(32),
    new Uint8Array(31).fill(1),
    new Uint8Array(32).fill(255),
  ]) {
    expect(() => secp256k1PublicKey(key)).toThrow(/32 bytes and within range/)
  }
})
