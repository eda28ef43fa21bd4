import { constants, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isRsaShape, verifyRsaPssPortably } from './rsa-pss.ts'

// 2048 bits: the rules do not depend on the size, key generation does.
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const jwk = privateKey.export({ format: 'jwk' })
const modulus = new Uint8Array(Buffer.from(jwk.n ?? '', 'base64url'))
const message = Uint8Array.of(1, 2, 3)

function signWith(saltLength: number, digest = 'sha256'): Uint8Array {
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return new Uint8Array(sign(digest, message, { key: privateKey, padding, saltLength }))
}

describe('verifyRsaPssPortably', () => {
  test.each([0, 1, 20, 32, 222])('takes a salt of %i bytes', (saltLength) => {
    const signature = signWith(saltLength)
    expect(verifyRsaPssPortably(modulus, message, signature)).toBe(true)
    expect(verifyRsaPssPortably(modulus, Uint8Array.of(1, 2, 4), signature)).toBe(false)
  })

  test('refuses another digest and another padding', () => {
    expect(verifyRsaPssPortably(modulus, message, signWith(32, 'sha384'))).toBe(false)
    const pkcs1 = new Uint8Array(sign('sha256', message, privateKey))
    expect(verifyRsaPssPortably(modulus, message, pkcs1)).toBe(false)
  })

  test('refuses a signature that is not below the modulus', () => {
    const signature = new Uint8Array(256).fill(255)
    expect(verifyRsaPssPortably(modulus, message, signature)).toBe(false)
    expect(verifyRsaPssPortably(modulus, message, modulus)).toBe(false)
    expect(verifyRsaPssPortably(modulus, message, new Uint8Array(256))).toBe(false)
  })

  test('refuses every flipped bit of some bytes', () => {
    const signature = signWith(32)
    for (const at of [0, 1, 128, 255]) {
      for (let bit = 0; bit < 8; bit++) {
        const other = Uint8Array.from(signature)
        other[at] = (other[at] ?? 0) ^ (1 << bit)
        expect(verifyRsaPssPortably(modulus, message, other)).toBe(false)
      }
    }
  })
})

test('isRsaShape refuses what libraries judge differently', () => {
  const signature = new Uint8Array(256)
  expect(isRsaShape(modulus, signature)).toBe(true)
  expect(isRsaShape(modulus, signature.subarray(1))).toBe(false)
  const leadingZero = Uint8Array.from(modulus)
  leadingZero[0] = 0
  expect(isRsaShape(leadingZero, signature)).toBe(false)
  const even = Uint8Array.from(modulus)
  even[255] = 2
  expect(isRsaShape(even, signature)).toBe(false)
  expect(isRsaShape(modulus.subarray(0, 255), signature.subarray(0, 255))).toBe(false)
  expect(isRsaShape(new Uint8Array(513).fill(255), new Uint8Array(513))).toBe(false)
})
