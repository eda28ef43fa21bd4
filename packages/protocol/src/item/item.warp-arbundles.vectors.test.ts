import { constants, generateKeyPairSync, sign } from 'node:crypto'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { ArweaveSigner, createData, DataItem } from 'warp-arbundles'
import { encodeBase64Url, encodeText } from '../base/index.ts'
import { portableCrypto as engine } from '../crypto/index.ts'
import { createItem } from './create.ts'
import type { Signer } from './item.ts'
import { parseItem } from './parse.ts'
import { signatureShape } from './signature-type.ts'
import {
  ethereumSigner,
  portableEd25519Signer,
  solanaSigner,
  typedEthereumSigner,
} from './signers.ts'
import { verifyItem } from './verify.ts'

// aoconnect builds and reads items with warp-arbundles. It verifies type 1 only, but writes every
// type.

const key = new Uint8Array(32).fill(3)
const target = encodeBase64Url(new Uint8Array(32).fill(9))
const anchor = 'fedcba9876543210fedcba9876543210'
const tags = [
  { name: 'Type', value: 'Message' },
  { name: 'Empty', value: '' },
  { name: 'ключ', value: 'значение' },
]
const text = 'print("hello")'
const draft = { data: encodeText(text), target, anchor: encodeText(anchor), tags }

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 })
const wallet = privateKey.export({ format: 'jwk' }) as { kty: string; e: string; n: string }
const arweave: Signer = {
  signatureType: 1,
  owner: new Uint8Array(Buffer.from(wallet.n, 'base64url')),
  sign: (payload) => {
    const padding = constants.RSA_PKCS1_PSS_PADDING
    return sign('sha256', payload, { key: privateKey, padding, saltLength: 32 })
  },
}
const signers = [
  arweave,
  portableEd25519Signer(key),
  ethereumSigner(key),
  solanaSigner(key),
  typedEthereumSigner(key),
]

/** Our signer in the shape their functions take. */
function asTheirs(signer: Signer) {
  const shape = signatureShape(signer.signatureType)
  return {
    signatureType: signer.signatureType,
    publicKey: Buffer.from(signer.owner),
    signatureLength: shape?.signatureBytes ?? 0,
    ownerLength: shape?.ownerBytes ?? 0,
    sign: async (message: Uint8Array) => signer.sign(message),
  }
}

describe('their items', () => {
  let theirs: DataItem

  beforeAll(async () => {
    const signer = new ArweaveSigner(wallet)
    theirs = createData(text, signer, { target, anchor, tags })
    await theirs.sign(signer)
  })

  test('signed by them are read and verified', async () => {
    const item = parseItem(theirs.getRaw(), engine)
    expect(await verifyItem(item, engine)).toBe(true)
    expect([item.id, encodeBase64Url(item.owner)]).toEqual([await theirs.id, theirs.owner])
    expect(item.tags).toEqual(tags)
    expect(Buffer.from(item.data).toString()).toBe(text)
  })

  test('without target, anchor and tags as well', async () => {
    const signer = new ArweaveSigner(wallet)
    const bare = createData('', signer)
    await bare.sign(signer)
    const item = parseItem(bare.getRaw(), engine)
    expect(await verifyItem(item, engine)).toBe(true)
    expect([item.target.length, item.anchor.length, item.tags.length]).toEqual([0, 0, 0])
  })

  test.each(signers)('of signature type $signatureType have the bytes of ours', async (signer) => {
    const unsigned = createData(text, asTheirs(signer), { target, anchor, tags }).getRaw()
    const ours = await createItem(draft, signer, engine)
    const body = 2 + ours.signature.length
    expect(Buffer.from(ours.bytes.subarray(body)).equals(unsigned.subarray(body))).toBe(true)
  })
})

describe('our items', () => {
  test('of type 1 are verified by them, and refused once changed', async () => {
    const { bytes } = await createItem(draft, arweave, engine)
    expect(await new DataItem(Buffer.from(bytes)).isValid()).toBe(true)
    const changed = Buffer.from(bytes)
    // They print why a signature does not hold.
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    changed[changed.length - 1] = 0
    expect(await new DataItem(changed).isValid()).toBe(false)
    expect(await verifyItem(parseItem(changed, engine), engine)).toBe(false)
  })

  test.each(signers)('of type $signatureType are read by them', async (signer) => {
    const ours = await createItem(draft, signer, engine)
    const theirs = new DataItem(Buffer.from(ours.bytes))
    expect([await theirs.id, theirs.target]).toEqual([ours.id, target])
    expect(theirs.tags).toEqual(tags)
    expect(theirs.rawAnchor.toString()).toBe(anchor)
    expect(theirs.rawData.toString()).toBe(text)
  })
})
