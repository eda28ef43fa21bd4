import { constants, createHash, generateKeyPairSync, sign } from 'node:crypto'
import { type CryptoEngine, portableCrypto } from '@heddle/protocol/crypto'
import { ethereumSigner, portableEd25519Signer, type Signer } from '@heddle/protocol/item'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nodeCrypto } from './crypto.ts'
import { arweaveSigner, ed25519Signer } from './signers.ts'

// Every node must decide alike, whichever engine it runs: each case is put to both.
const engines: readonly CryptoEngine[] = [nodeCrypto, portableCrypto]

/** The verdict both engines give. Fails where they differ. */
async function agreed(ask: (engine: CryptoEngine) => boolean | Promise<boolean>) {
  const [ours, theirs] = await Promise.all(engines.map(ask))
  expect(ours).toBe(theirs)
  return ours
}

function bytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

function flip(input: Uint8Array, bit: number): Uint8Array {
  const output = Uint8Array.from(input)
  const at = Math.floor(bit / 8) % input.length
  output[at] = (output[at] ?? 0) ^ (1 << (bit % 8))
  return output
}

const seed = new Uint8Array(32).fill(9)
const anyBytes = fc.uint8Array({ maxLength: 300 })
const anyBit = fc.nat({ max: 8 * 512 })

describe('digests', () => {
  test('agree', () => {
    fc.assert(
      fc.property(anyBytes, (input) => {
        expect(nodeCrypto.sha256(input)).toEqual(portableCrypto.sha256(input))
        expect(nodeCrypto.sha384(input)).toEqual(portableCrypto.sha384(input))
        expect(nodeCrypto.keccak256(input)).toEqual(portableCrypto.keccak256(input))
      }),
    )
  })

  test('are those of the standards', () => {
    const empty = new Uint8Array(0)
    const sha256 = createHash('sha256').digest('hex')
    expect(Buffer.from(portableCrypto.sha256(empty)).toString('hex')).toBe(sha256)
    const keccak = 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'
    expect(Buffer.from(nodeCrypto.keccak256(empty)).toString('hex')).toBe(keccak)
  })
})

describe('Ed25519', () => {
  test('agrees on good and on changed signatures', async () => {
    const { owner } = ed25519Signer(seed)
    await fc.assert(
      fc.asyncProperty(anyBytes, anyBit, async (message, bit) => {
        const signature = await ed25519Signer(seed).sign(message)
        const check = (key: Uint8Array, text: Uint8Array, mark: Uint8Array) =>
          agreed((engine) => engine.verifyEd25519(key, text, mark))
        expect(await check(owner, message, signature)).toBe(true)
        expect(await check(owner, message, flip(signature, bit))).toBe(false)
        expect(await check(flip(owner, bit), message, signature)).toBe(false)
        expect(await check(owner, flip(Uint8Array.of(0, ...message), bit), signature)).toBe(false)
      }),
      { numRuns: 12 },
    )
  })

  // Keys and signatures on which libraries are known to part ways; several would hold for one of them.
  test.each([
    ['identity key, R identity, s 0', '01', '01'],
    ['order 2 key', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', '01'],
    ['order 8 key', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05', '01'],
    ['y = p', 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', '01'],
    ['y = p + 1', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', '01'],
    ['identity with a sign', `01${'00'.repeat(30)}80`, '01'],
  ])('both refuse: %s', async (_name, key, r) => {
    const publicKey = bytes(key.padEnd(64, '0'))
    const signature = bytes(r.padEnd(128, '0'))
    for (const text of [new Uint8Array(0), Uint8Array.of(1), Uint8Array.of(2)]) {
      expect(await agreed((e) => e.verifyEd25519(publicKey, text, signature))).toBe(false)
    }
  })

  test('agrees on keys and signatures at random', async () => {
    const point = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const signature = fc.uint8Array({ minLength: 64, maxLength: 64 })
    await fc.assert(
      fc.asyncProperty(point, signature, async (key, mark) => {
        await agreed((engine) => engine.verifyEd25519(key, seed, mark))
      }),
      { numRuns: 60 },
    )
  })
})

describe('RSA-PSS', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const modulus = Buffer.from(privateKey.export({ format: 'jwk' }).n ?? '', 'base64url')

  test('agrees on any salt, and on changed signatures', async () => {
    await fc.assert(
      fc.asyncProperty(anyBytes, fc.nat({ max: 222 }), anyBit, async (text, saltLength, bit) => {
        const padding = constants.RSA_PKCS1_PSS_PADDING
        const signature = sign('sha256', text, { key: privateKey, padding, saltLength })
        const check = (mark: Uint8Array, n: Uint8Array = modulus) =>
          agreed((engine) => engine.verifyRsaPss(n, text, mark))
        expect(await check(signature)).toBe(true)
        expect(await check(flip(signature, bit))).toBe(false)
        expect(await check(signature, flip(modulus, bit))).toBe(false)
      }),
      { numRuns: 40 },
    )
  })

  test('agrees on moduli and signatures that make no sense', async () => {
    for (const n of [0, 1, 2, 127, 128, 254, 255]) {
      for (const s of [0, 1, 128, 255]) {
        for (const length of [0, 1, 128, 256, 512, 513]) {
          const [key, mark] = [new Uint8Array(length).fill(n), new Uint8Array(length).fill(s)]
          expect(await agreed((engine) => engine.verifyRsaPss(key, seed, mark))).toBe(false)
        }
      }
    }
  })
})

test('both Ed25519 signers are one and the same', async () => {
  const pair: readonly Signer[] = [ed25519Signer(seed), portableEd25519Signer(seed)]
  const [ours, theirs] = await Promise.all(pair.map((signer) => signer.sign(seed)))
  expect(new Uint8Array(ours ?? [])).toEqual(new Uint8Array(theirs ?? []))
  expect(pair[0]?.owner).toEqual(pair[1]?.owner)
})

test('a key that cannot sign is refused with its reason', () => {
  expect(() => ed25519Signer(new Uint8Array(31))).toThrow(/32 bytes/)
  expect(() => ethereumSigner(new Uint8Array(32))).toThrow(/within range/)
  expect(() => arweaveSigner({ kty: 'OKP', n: 'AA' })).toThrow(/4096-bit RSA/)
  const publicOnly = { kty: 'RSA', e: 'AQAB', n: Buffer.alloc(512, 255).toString('base64url') }
  expect(() => arweaveSigner(publicOnly)).toThrow(/not a private RSA key/)
})
