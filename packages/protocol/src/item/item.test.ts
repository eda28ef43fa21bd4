import { constants, generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decodeText, encodeBase64Url, encodeText, isHeddleError, toHex } from '../base/index.ts'
import { portableCrypto as engine } from '../crypto/index.ts'
import { createItem } from './create.ts'
import { type Item, type ItemDraft, type Signer, tagValue, tagValues } from './item.ts'
import { itemLimits } from './limits.ts'
import { parseItem } from './parse.ts'
import {
  ethereumSigner,
  portableEd25519Signer,
  solanaSigner,
  typedEthereumSigner,
} from './signers.ts'
import { ownerAddress, verifyItem } from './verify.ts'

const key = new Uint8Array(32).fill(5)
const target = encodeBase64Url(new Uint8Array(32).fill(1))
const anchor = new Uint8Array(32).fill(2)
const draft: ItemDraft = {
  data: encodeText('hello'),
  target,
  anchor,
  tags: [
    { name: 'Type', value: 'Message' },
    { name: 'Exclude', value: 'a' },
    { name: 'Exclude', value: 'b' },
    { name: 'ключ', value: '' },
  ],
}

function rsaSigner(): Signer {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 })
  const { n = '' } = privateKey.export({ format: 'jwk' })
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return {
    signatureType: 1,
    owner: new Uint8Array(Buffer.from(n, 'base64url')),
    sign: (payload) => sign('sha256', payload, { key: privateKey, padding, saltLength: 32 }),
  }
}

const signers: readonly (readonly [string, Signer])[] = [
  ['1 (arweave)', rsaSigner()],
  ['2 (ed25519)', portableEd25519Signer(key)],
  ['3 (ethereum)', ethereumSigner(key)],
  ['4 (solana)', solanaSigner(key)],
  ['7 (typed ethereum)', typedEthereumSigner(key)],
]

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
  } catch (error) {
    if (isHeddleError(error)) return `${error.kind} ${error.code}`
    throw error
  }
  return 'none'
}

/** A copy of an item's bytes with some replaced. */
function patched(item: Item, at: number, ...bytes: number[]): Uint8Array {
  const copy = Uint8Array.from(item.bytes)
  copy.set(bytes, at)
  return copy
}

const signer = portableEd25519Signer(key)
const sample = await createItem(draft, signer, engine)
const plain = await createItem({ data: new Uint8Array(0) }, signer, engine)
/** Where the target's presence byte is in a type 2 item. */
const presenceAt = 2 + 64 + 32

describe.each(signers)('signature type %s', (_name, signer) => {
  test('holds for what was signed and for nothing else', async () => {
    const item = await createItem(draft, signer, engine)
    expect(await verifyItem(item, engine)).toBe(true)
    for (const at of [2, item.bytes.length - 1]) {
      const changed = parseItem(patched(item, at, (item.bytes[at] ?? 0) ^ 1), engine)
      expect(await verifyItem(changed, engine)).toBe(false)
    }
    const stranger = { ...item, owner: Uint8Array.from(item.owner).fill(0x41) }
    expect(await verifyItem(stranger, engine)).toBe(false)
  })

  test('parses to what was created', async () => {
    const item = await createItem(draft, signer, engine)
    expect(parseItem(item.bytes, engine)).toEqual(item)
    expect(item.id).toBe(encodeBase64Url(engine.sha256(item.signature)))
    expect(ownerAddress(item, engine)).toBe(encodeBase64Url(engine.sha256(signer.owner)))
    expect([encodeBase64Url(item.target), item.anchor]).toEqual([target, anchor])
    expect(item.tags).toEqual(draft.tags)
    expect(decodeText(item.data)).toBe('hello')
  })
})

describe('parseItem', () => {
  test('copies nothing', () => {
    const { bytes, signature, owner, rawTags, data } = parseItem(sample.bytes, engine)
    for (const view of [signature, owner, sample.target, sample.anchor, rawTags, data]) {
      expect(view.buffer).toBe(bytes.buffer)
    }
  })

  test('reads an item in the middle of a larger buffer', async () => {
    const larger = new Uint8Array(sample.bytes.length + 20)
    larger.set(sample.bytes, 10)
    const view = larger.subarray(10, 10 + sample.bytes.length)
    expect(await verifyItem(parseItem(view, engine), engine)).toBe(true)
  })

  test('takes both spellings of no tags, and hashes each as sent', async () => {
    const { bytes } = plain
    expect(parseItem(bytes, engine).tags).toEqual([])
    const tagsAt = presenceAt + 2
    const spelled = Uint8Array.of(...bytes.subarray(0, tagsAt + 16), 0)
    spelled[tagsAt + 8] = 1
    const item = parseItem(spelled, engine)
    expect(item.tags).toEqual([])
    expect(item.rawTags).toEqual(Uint8Array.of(0))
    expect(await verifyItem(item, engine)).toBe(false)
  })

  test('refuses every truncation of the header', async () => {
    const headerBytes = sample.bytes.length - sample.data.length
    for (let length = 0; length < headerBytes; length++) {
      const cut = sample.bytes.subarray(0, length)
      expect(await codeOf(() => parseItem(cut, engine))).toBe('invalid item-truncated')
    }
  })

  test.each([
    ['signature type 0', 0, [0, 0], 'item-signature-type'],
    ['signature type 5', 0, [5, 0], 'item-signature-type'],
    ['signature type 258', 0, [2, 1], 'item-signature-type'],
    ['a target byte of 2', presenceAt, [2], 'item-presence-byte'],
    ['an anchor byte of 255', presenceAt + 1, [255], 'item-presence-byte'],
    ['129 tags', presenceAt + 2, [129], 'item-too-many-tags'],
    ['2^64 - 1 tags', presenceAt + 2, Array(8).fill(255), 'item-too-many-tags'],
    ['tags of 4,097 bytes', presenceAt + 10, [1, 16], 'item-tag-area'],
    ['tags of 2^64 - 1 bytes', presenceAt + 10, Array(8).fill(255), 'item-tag-area'],
    ['tags beyond the end', presenceAt + 10, [200], 'item-truncated'],
    ['a tag that is not there', presenceAt + 2, [1], 'item-tag-count'],
  ])('refuses %s', async (_name, at, bytes, code) => {
    const broken = patched(plain, at, ...bytes)
    expect(await codeOf(() => parseItem(broken, engine))).toBe(`invalid ${code}`)
  })

  test('refuses more bytes than allowed', async () => {
    const limits = { ...itemLimits, itemBytes: sample.bytes.length - 1 }
    const code = await codeOf(() => parseItem(sample.bytes, engine, limits))
    expect(code).toBe('invalid item-too-large')
  })
})

describe('createItem', () => {
  test.each<[string, ItemDraft, Signer, string]>([
    ['a short target', { ...draft, target: 'abc' }, signer, 'item-target'],
    ['a target that is no base64url', { ...draft, target: '+'.repeat(43) }, signer, 'item-target'],
    ['a short anchor', { ...draft, anchor: new Uint8Array(31) }, signer, 'item-anchor'],
    ['an unknown type', draft, { ...signer, signatureType: 6 }, 'item-signature-type'],
    ['a short owner', draft, { ...signer, owner: new Uint8Array(31) }, 'item-signer'],
    ['a short signature', draft, { ...signer, sign: () => new Uint8Array(63) }, 'item-signer'],
  ])('refuses %s', async (_name, badDraft, badSigner, code) => {
    expect(await codeOf(() => createItem(badDraft, badSigner, engine))).toBe(`invalid ${code}`)
  })

  test('does not depend on the draft afterwards', async () => {
    const data = encodeText('hello')
    const tags = [{ name: 'a', value: 'b' }]
    const item = await createItem({ data, tags }, signer, engine)
    data.fill(0)
    tags.pop()
    expect(item.tags).toEqual([{ name: 'a', value: 'b' }])
    expect(await verifyItem(item, engine)).toBe(true)
  })
})

describe('an Ethereum signature has one form, or its id would have twins', () => {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

  test.each(signers.filter(([name]) => name.includes('ethereum')))('%s', async (_name, signer) => {
    const item = await createItem(draft, signer, engine)
    const v = item.signature[64] ?? 0
    const withV = (value: number) => parseItem(patched(item, 2 + 64, value), engine)
    for (const other of [v - 27, v === 27 ? 28 : 27, v + 8]) {
      expect(await verifyItem(withV(other), engine)).toBe(false)
    }
    const s = BigInt(`0x${toHex(item.signature.subarray(32, 64))}`)
    const high = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')
    const twin = parseItem(patched(item, 2 + 32, ...high, v === 27 ? 28 : 27), engine)
    expect(await verifyItem(twin, engine)).toBe(false)
    expect(await verifyItem(withV(v), engine)).toBe(true)
  })
})

test('type 7 takes an owner in either case of letters, and no other text', async () => {
  const lower = typedEthereumSigner(key)
  const upper = encodeText(`0x${decodeText(lower.owner).slice(2).toUpperCase()}`)
  const other = encodeText(decodeText(lower.owner).replace('0x', '0y'))
  const holds = async (owner: Uint8Array) =>
    verifyItem(await createItem(draft, { ...lower, owner }, engine), engine)
  expect(await holds(lower.owner)).toBe(true)
  expect(await holds(upper)).toBe(true)
  expect(await holds(other)).toBe(false)
})

test('tags are looked up by exact name', () => {
  expect(tagValue(sample.tags, 'Type')).toBe('Message')
  expect(tagValue(sample.tags, 'type')).toBeUndefined()
  expect(tagValues(sample.tags, 'Exclude')).toEqual(['a', 'b'])
})

test.each(signers)('%s: data that went by is verified by its digest', async (_name, signer) => {
  const item = await createItem(draft, signer, engine)
  const data = { sizeBytes: item.data.length, sha384: engine.sha384(item.data) }
  expect(await verifyItem({ ...item, data }, engine)).toBe(true)
  const longer = { ...data, sizeBytes: data.sizeBytes + 1 }
  expect(await verifyItem({ ...item, data: longer }, engine)).toBe(false)
  const other = { ...data, sha384: engine.sha384(encodeText('other')) }
  expect(await verifyItem({ ...item, data: other }, engine)).toBe(false)
})
