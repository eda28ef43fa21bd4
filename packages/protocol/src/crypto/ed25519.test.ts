import { createHash, verify } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, test } from 'vitest'
import { ed25519PublicKey, isEd25519Point, signEd25519, verifyEd25519Portably } from './ed25519.ts'

const seed = new Uint8Array(32).fill(3)
const publicKey = ed25519PublicKey(seed)
const message = Uint8Array.of(1, 2, 3)
const orderEight = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** RFC 8032 §7.1, tests 1 to 3: key, message, signature. */
const rfcVectors = [
  [
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
] as const

describe('verifyEd25519Portably', () => {
  test.each(rfcVectors)('holds for RFC 8032 key %s', (key, text, signature) => {
    expect(verifyEd25519Portably(bytes(key), bytes(text), bytes(signature))).toBe(true)
    expect(verifyEd25519Portably(bytes(key), bytes(`${text}00`), bytes(signature))).toBe(false)
  })

  test('refuses s + L, the other spelling of the same signature', () => {
    const signature = signEd25519(message, seed)
    const { ORDER } = ed25519.Point.Fn
    let s = ORDER
    for (let i = 0; i < 32; i++) s += BigInt(signature[32 + i] ?? 0) << BigInt(8 * i)
    const other = Uint8Array.from(signature)
    for (let i = 0; i < 32; i++) other[32 + i] = Number((s >> BigInt(8 * i)) & 255n)
    expect(verifyEd25519Portably(publicKey, message, signature)).toBe(true)
    expect(verifyEd25519Portably(publicKey, message, other)).toBe(false)
  })

  test('refuses what only the equation with the cofactor takes', () => {
    const { signature, key } = torsionSignature()
    // The library accepts it, so the case is what it says it is.
    expect(ed25519.verify(signature, message, key)).toBe(true)
    expect(verifyEd25519Portably(key, message, signature)).toBe(false)
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key])
    const openSslKey = { key: spki, format: 'der', type: 'spki' } as const
    expect(verify(null, message, openSslKey, signature)).toBe(false)
  })

  test('refuses an R of small order, though the equation holds', () => {
    // R is the identity: a signer may choose 0 for what should be random.
    const r = Uint8Array.of(1, ...new Uint8Array(31))
    const { Point } = ed25519
    const key = Point.BASE.multiply(5n).toBytes()
    const challenge = createHash('sha512').update(r).update(key).update(message).digest()
    const k = BigInt(`0x${Buffer.from(challenge).reverse().toString('hex')}`)
    const signature = Uint8Array.of(...r, ...Point.Fn.toBytes(Point.Fn.create(5n * k)))
    expect(ed25519.verify(signature, message, key)).toBe(true)
    expect(verifyEd25519Portably(key, message, signature)).toBe(false)
  })

  test('answers wrong lengths and keys off the curve with no', () => {
    const signature = signEd25519(message, seed)
    expect(verifyEd25519Portably(publicKey.subarray(1), message, signature)).toBe(false)
    expect(verifyEd25519Portably(publicKey, message, signature.subarray(1))).toBe(false)
    const offCurve = new Uint8Array(32).fill(2, 0, 1)
    expect(verifyEd25519Portably(offCurve, message, signature)).toBe(false)
  })
})

describe('isEd25519Point', () => {
  test('takes usual keys', () => {
    expect(isEd25519Point(publicKey)).toBe(true)
  })

  test('refuses all points of small order, with either sign', () => {
    const small = smallOrderPoints()
    expect(small).toHaveLength(8)
    for (const key of small) {
      expect(isEd25519Point(key)).toBe(false)
      const flipped = Uint8Array.from(key)
      flipped[31] = (flipped[31] ?? 0) ^ 0x80
      expect(isEd25519Point(flipped)).toBe(false)
    }
  })

  test('refuses y at and above the field order', () => {
    // p + 3 = 2^255 - 16, little-endian; 3 + p names the same point as 3.
    const key = new Uint8Array(32).fill(255)
    key[0] = 0xf0
    key[31] = 0x7f
    expect(isEd25519Point(key)).toBe(false)
  })
})

/** A signature whose R carries a point of order 8, made with the private scalar 5. */
function torsionSignature() {
  const { Point } = ed25519
  const key = Point.BASE.multiply(5n).toBytes()
  const r = Point.BASE.multiply(7n).add(Point.fromHex(orderEight)).toBytes()
  const challenge = createHash('sha512').update(r).update(key).update(message).digest()
  const k = BigInt(`0x${Buffer.from(challenge).reverse().toString('hex')}`)
  const s = Point.Fn.toBytes(Point.Fn.create(7n + 5n * k))
  return { key, signature: Uint8Array.of(...r, ...s) }
}

/** The subgroup of order 8, walked from a generator of it. */
function smallOrderPoints(): Uint8Array[] {
  const { Point } = ed25519
  const generator = Point.fromHex(orderEight)
  const points: Uint8Array[] = []
  for (let i = 0, point = Point.ZERO; i < 8; i++, point = point.add(generator)) {
    points.push(point.toBytes())
  }
  return points
}
