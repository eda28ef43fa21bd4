import { generateKeyPairSync } from 'node:crypto'
import { encodeText } from '@heddle/protocol/base'
import { portableCrypto } from '@heddle/protocol/crypto'
import { createItem, verifyItem } from '@heddle/protocol/item'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { generateWallet, type Wallet, walletSigner } from './signers.ts'

const jwk = (key: { export(options: { format: 'jwk' }): object }) =>
  key.export({ format: 'jwk' }) as Wallet

const rsa = jwk(generateKeyPairSync('rsa', { modulusLength: 4096 }).privateKey)
const ed25519 = jwk(generateKeyPairSync('ed25519').privateKey)
const secp256k1 = jwk(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey)
const small = jwk(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)
const p256 = jwk(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)
const otherEd25519 = generateWallet()

afterEach(() => vi.unstubAllGlobals())

async function signs(wallet: Wallet): Promise<boolean> {
  const draft = { data: encodeText('x'), tags: [{ name: 'A', value: 'b' }] }
  const item = await createItem(draft, walletSigner(wallet), portableCrypto)
  return verifyItem(item, portableCrypto)
}

describe('a wallet', () => {
  it.each([
    ['RSA', rsa, 1],
    ['Ed25519', ed25519, 2],
    ['secp256k1', secp256k1, 3],
    ['a new one', generateWallet(), 2],
    ['RSA for another use', { ...rsa, alg: 'RS256', use: 'enc', key_ops: ['verify'] }, 1],
    ['Ed25519 for another use', { ...ed25519, use: 'enc', key_ops: ['verify'] }, 2],
  ])('(%s) signs items that verify', async (_name, wallet, signatureType) => {
    expect(walletSigner(wallet).signatureType).toBe(signatureType)
    expect(await signs(wallet)).toBe(true)
  })

  it('is another one each time it is made', () => {
    expect(generateWallet().d).not.toBe(generateWallet().d)
  })

  it.each<[string, Wallet, RegExp]>([
    ['an unknown kind', { kty: 'oct' }, /of kind oct cannot sign/],
    ['another curve', p256, /of kind EC P-256 cannot sign/],
    ['a public key', { ...ed25519, d: undefined } as unknown as Wallet, /"d" must be 32 bytes/],
    ['a number for a key', { ...ed25519, d: 7 } as unknown as Wallet, /"d" must be 32 bytes/],
    ['no base64url', { ...ed25519, d: '***' }, /"d" must be 32 bytes/],
    ['halves of two', { ...ed25519, x: otherEd25519.x ?? '' }, /"x" is not the public key/],
    ['a small RSA key', small, /"n" must be 512 bytes/],
    ['a public RSA key', { kty: 'RSA', n: rsa.n ?? '', e: 'AQAB' }, /"d" is absent/],
    ['another exponent', { ...rsa, e: 'Aw' }, /"e" must be AQAB/],
    ['secp256k1 zero', { ...secp256k1, d: 'A'.repeat(43) }, /no secp256k1 key/],
    ['secp256k1 halves', { ...secp256k1, x: ed25519.x ?? '' }, /not the public key of "d"/],
  ])('of %s is refused at once', (_name, wallet, reason) => {
    expect(() => walletSigner(wallet)).toThrow(reason)
    expect(() => walletSigner(wallet)).toThrow(expect.objectContaining({ code: 'wallet-invalid' }))
  })

  it('of RSA parts that are no key is refused when it is to sign, and not before', async () => {
    const signer = walletSigner({ ...rsa, p: 'AQAB', q: 'AQAB' })
    await expect(signer.sign(new Uint8Array(48))).rejects.toMatchObject({ code: 'wallet-invalid' })
  })
})

describe('without WebCrypto (a page not loaded over https)', () => {
  it('Ed25519 and secp256k1 sign, RSA says what is missing', async () => {
    const { crypto } = globalThis
    vi.stubGlobal('crypto', { getRandomValues: crypto.getRandomValues.bind(crypto) })
    expect(await signs(generateWallet())).toBe(true)
    expect(await signs(secp256k1)).toBe(true)
    await expect(signs(rsa)).rejects.toThrow(/https/)
  })
})
