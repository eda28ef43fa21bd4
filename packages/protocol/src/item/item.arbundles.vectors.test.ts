import { constants, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  type Signer as ArbundlesSigner,
  ArweaveSigner,
  bundleAndSignData,
  createData,
  DataItem,
  EthereumSigner,
  HexSolanaSigner,
  SolanaSigner,
  TypedEthereumSigner,
  unbundleData,
} from 'arbundles'
import { beforeAll, describe, expect, test } from 'vitest'
import { concatBytes, encodeBase64Url, encodeText, toHex } from '../base/index.ts'
import { portableCrypto as engine } from '../crypto/index.ts'
import { bundleItems, parseBundle } from './bundle.ts'
import { createItem } from './create.ts'
import type { ItemDraft, Signer } from './item.ts'
import { parseItem } from './parse.ts'
import {
  ethereumSigner,
  portableEd25519Signer,
  solanaSigner,
  typedEthereumSigner,
} from './signers.ts'
import { verifyItem } from './verify.ts'

// Both ways against arbundles: what it writes we read and verify, what we write it reads and
// verifies.

const key = new Uint8Array(32).map((_, index) => index + 1)
const target = encodeBase64Url(new Uint8Array(32).fill(7))
const anchorText = '0123456789abcdef0123456789abcdef'
const tags = [
  { name: 'Data-Protocol', value: 'ao' },
  { name: 'Type', value: 'Message' },
  { name: 'Ünïcode-✓', value: '🧵 thread' },
  { name: 'Empty', value: '' },
]

/** Drafts in both libraries' words. */
const drafts: readonly (readonly [string, string, ItemDraft])[] = [
  ['bare', '', { data: new Uint8Array(0) }],
  ['target', 'x', { data: encodeText('x'), target }],
  ['anchor', 'y', { data: encodeText('y'), anchor: encodeText(anchorText) }],
  ['all', 'data', { data: encodeText('data'), target, anchor: encodeText(anchorText), tags }],
]

function optionsOf(draft: ItemDraft) {
  return {
    ...(draft.target === undefined ? {} : { target: draft.target }),
    ...(draft.anchor === undefined ? {} : { anchor: anchorText }),
    ...(draft.tags === undefined ? {} : { tags: [...draft.tags] }),
  }
}

const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Base 58 of a key that does not start with a zero byte, as arbundles wants Solana keys. */
function encodeBase58(bytes: Uint8Array): string {
  let text = ''
  for (let rest = BigInt(`0x${toHex(bytes)}`); rest > 0n; rest /= 58n) {
    text = digits.charAt(Number(rest % 58n)) + text
  }
  return text
}

function rsaSigner(privateKey: KeyObject, saltLength: number): Signer {
  const { n = '' } = privateKey.export({ format: 'jwk' })
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return {
    signatureType: 1,
    owner: new Uint8Array(Buffer.from(n, 'base64url')),
    sign: (payload) => sign('sha256', payload, { key: privateKey, padding, saltLength }),
  }
}

type Wallet = Required<Pick<JsonWebKey, 'kty' | 'e' | 'n'>> & JsonWebKey
type Pair = { readonly ours: Signer; readonly theirs: ArbundlesSigner }
const names = ['arweave', 'ed25519', 'ethereum', 'solana', 'typedEthereum'] as const
let pairs: Record<(typeof names)[number], Pair>

beforeAll(() => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 })
  const wallet = privateKey.export({ format: 'jwk' }) as Wallet
  const solanaKey = encodeBase58(concatBytes([key, portableEd25519Signer(key).owner]))
  const hexKey = toHex(key)
  pairs = {
    arweave: {
      ours: rsaSigner(privateKey, 32),
      theirs: new ArweaveSigner(wallet),
    },
    ed25519: { ours: portableEd25519Signer(key), theirs: new SolanaSigner(solanaKey) },
    ethereum: { ours: ethereumSigner(key), theirs: new EthereumSigner(hexKey) },
    solana: { ours: solanaSigner(key), theirs: new HexSolanaSigner(solanaKey) },
    typedEthereum: { ours: typedEthereumSigner(key), theirs: new TypedEthereumSigner(hexKey) },
  }
})

async function makeTheirs(text: string, draft: ItemDraft, signer: ArbundlesSigner) {
  const item = createData(text, signer, optionsOf(draft))
  await item.sign(signer)
  return item
}

describe.each(names)('%s', (name) => {
  test.each(drafts)('%s: theirs is read and verified by us', async (_name, text, draft) => {
    const theirs = await makeTheirs(text, draft, pairs[name].theirs)
    const item = parseItem(theirs.getRaw(), engine)
    expect(await verifyItem(item, engine)).toBe(true)
    expect(item.id).toBe(theirs.id)
    expect(item.signatureType).toBe(pairs[name].ours.signatureType)
    expect(encodeBase64Url(item.target)).toBe(draft.target ?? '')
    expect(encodeBase64Url(item.anchor)).toBe(theirs.anchor)
    expect(item.tags).toEqual(draft.tags ?? [])
    expect(Buffer.from(item.data).toString()).toBe(text)
  })

  test.each(drafts)('%s: ours is read and verified by them', async (_name, text, draft) => {
    const ours = await createItem(draft, pairs[name].ours, engine)
    const item = new DataItem(Buffer.from(ours.bytes))
    expect(await item.isValid()).toBe(true)
    expect(item.id).toBe(ours.id)
    expect(item.owner).toBe(encodeBase64Url(ours.owner))
    expect(item.target).toBe(draft.target ?? '')
    expect(item.tags).toEqual(draft.tags ?? [])
    expect(item.rawData.toString()).toBe(text)
  })

  test('a changed item is refused by both', async () => {
    const { bytes } = await createItem({ data: encodeText('abc') }, pairs[name].ours, engine)
    const changed = Buffer.from(bytes)
    changed[changed.length - 1] = 0
    expect(await verifyItem(parseItem(changed, engine), engine)).toBe(false)
    expect(await new DataItem(changed).isValid()).toBe(false)
  })
})

test('deterministic signers give the same bytes', async () => {
  for (const name of ['ed25519', 'ethereum', 'solana', 'typedEthereum'] as const) {
    for (const [, text, draft] of drafts) {
      const theirs = await makeTheirs(text, draft, pairs[name].theirs)
      const ours = await createItem(draft, pairs[name].ours, engine)
      expect(toHex(ours.bytes)).toBe(toHex(theirs.getRaw()))
    }
  }
})

test('bundles go both ways, nested ones too', async () => {
  const signers = names.map((name) => pairs[name])
  const theirs = await Promise.all(
    signers.map((pair, index) =>
      makeTheirs(`item ${index}`, { data: encodeText('') }, pair.theirs),
    ),
  )
  const theirBundle = await bundleAndSignData(theirs, pairs.ed25519.theirs)
  const items = parseBundle(theirBundle.getRaw(), engine)
  expect(items.map((item) => item.id)).toEqual(theirs.map((item) => item.id))
  for (const item of items) expect(await verifyItem(item, engine)).toBe(true)

  const nested = await createItem({ data: bundleItems(items) }, pairs.ethereum.ours, engine)
  const ourBundle = unbundleData(Buffer.from(bundleItems([nested, ...items])))
  expect(await ourBundle.verify()).toBe(true)
  expect(ourBundle.getIds()).toEqual([nested.id, ...items.map((item) => item.id)])
  const inner = unbundleData(ourBundle.get(0).rawData)
  expect(await inner.verify()).toBe(true)
  expect(inner.getIds()).toEqual(items.map((item) => item.id))
})

test('RSA signatures hold whatever the salt length', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 })
  for (const saltLength of [0, 32, 478]) {
    const item = await createItem({ data: key }, rsaSigner(privateKey, saltLength), engine)
    expect(await verifyItem(item, engine)).toBe(true)
  }
})

test('a high s is refused by them as by us', async () => {
  const item = await createItem({ data: key }, pairs.ethereum.ours, engine)
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const s = order - BigInt(`0x${toHex(item.signature.subarray(32, 64))}`)
  const twin = Buffer.from(item.bytes)
  twin.write(s.toString(16).padStart(64, '0'), 2 + 32, 'hex')
  twin[2 + 64] = twin[2 + 64] === 27 ? 28 : 27
  expect(await new DataItem(twin).isValid()).toBe(false)
  expect(await verifyItem(parseItem(twin, engine), engine)).toBe(false)
})

test('the frozen vectors are still what arbundles writes', async () => {
  const path = new URL('../../../../spec/vectors/items.json', import.meta.url)
  const { vectors } = JSON.parse(readFileSync(path, 'utf8'))
  for (const { name, data, item } of vectors) {
    const [signer, draftName] = name.split(' ') as [(typeof names)[number], string]
    const [, , draft] = drafts.find(([known]) => known === draftName) ?? []
    expect(draft).toBeDefined()
    if (draft === undefined) continue
    const text = Buffer.from(data, 'base64url').toString()
    const theirs = await makeTheirs(text, draft, pairs[signer].theirs)
    expect(theirs.getRaw().toString('base64url')).toBe(item)
  }
})
