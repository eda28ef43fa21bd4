import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeBase64Url, isHeddleError } from '../base/index.ts'
import { portableCrypto as engine } from '../crypto/index.ts'
import { bundleItems, parseBundle } from './bundle.ts'
import { createItem } from './create.ts'
import { createSeeds, fuzzItems } from './item.fuzz.ts'
import type { ItemDraft } from './item.ts'
import { parseItem } from './parse.ts'
import {
  ethereumSigner,
  portableEd25519Signer,
  solanaSigner,
  typedEthereumSigner,
} from './signers.ts'
import { decodeTags, encodeTags } from './tag-codec.ts'
import { verifyItem } from './verify.ts'

const key = new Uint8Array(32).fill(8)
const signers = [
  portableEd25519Signer(key),
  ethereumSigner(key),
  solanaSigner(key),
  typedEthereumSigner(key),
]

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const tags = fc.array(
  fc.record({
    name: fc.string({ unit: 'grapheme', maxLength: 20 }),
    value: fc.string({ unit: 'grapheme', maxLength: 20 }),
  }),
  { maxLength: 12 },
)
const anyDraft: fc.Arbitrary<ItemDraft> = fc.record(
  {
    data: fc.uint8Array({ maxLength: 2000 }),
    tags,
    target: bytes32.map(encodeBase64Url),
    anchor: bytes32,
  },
  { requiredKeys: ['data'] },
)

test('an item survives the way through bytes, and its signature holds', async () => {
  await fc.assert(
    fc.asyncProperty(anyDraft, fc.constantFrom(...signers), async (draft, signer) => {
      const item = await createItem(draft, signer, engine)
      const parsed = parseItem(item.bytes, engine)
      expect(parsed).toEqual(item)
      expect(parsed.tags).toEqual(draft.tags ?? [])
      expect(parsed.data).toEqual(draft.data)
      expect(encodeBase64Url(parsed.target)).toBe(draft.target ?? '')
      expect(parsed.anchor).toEqual(draft.anchor ?? new Uint8Array(0))
      expect(await verifyItem(parsed, engine)).toBe(true)
    }),
    { numRuns: 40 },
  )
})

test('tags survive the way through bytes up to every limit', () => {
  fc.assert(
    fc.property(tags, (list) => {
      expect(decodeTags(encodeTags(list), list.length)).toEqual(list)
    }),
  )
})

test('bundles of any items survive the way through bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyDraft, { maxLength: 4 }), async (drafts) => {
      const signer = portableEd25519Signer(key)
      const items = await Promise.all(drafts.map((draft) => createItem(draft, signer, engine)))
      expect(parseBundle(bundleItems(items), engine)).toEqual(items)
    }),
    { numRuns: 15 },
  )
})

describe('every byte of an item counts', () => {
  test.each(signers)('type $signatureType', async (signer) => {
    const draft = {
      data: Uint8Array.of(1, 2, 3),
      tags: [{ name: 'a', value: 'bc' }],
      target: encodeBase64Url(key),
      anchor: key,
    }
    const { bytes } = await createItem(draft, signer, engine)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, xor) => {
          const changed = Uint8Array.from(bytes)
          changed[at] = (changed[at] ?? 0) ^ xor
          expect(await isRefused(changed)).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })
})

async function isRefused(bytes: Uint8Array): Promise<boolean> {
  try {
    return !(await verifyItem(parseItem(bytes, engine), engine))
  } catch (error) {
    return isHeddleError(error)
  }
}

test('garbage gives a clear error, or parts within the input', async () => {
  const report = await fuzzItems(2024, (tried) => tried === 4000)
  expect(report.tried).toBe(4000)
  // Both sides were reached, or the run shows nothing.
  expect(report.taken).toBeGreaterThan(200)
  expect(report.taken).toBeLessThan(4000)
})

test('the seeds of the fuzz target are well-formed', async () => {
  const seeds = await createSeeds()
  const bundle = seeds.pop() ?? new Uint8Array(0)
  const ids = seeds.map((bytes) => parseItem(bytes, engine).id)
  expect(parseBundle(bundle, engine).map((item) => item.id)).toEqual(ids)
})
