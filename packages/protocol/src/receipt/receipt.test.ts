import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeBase64Url, encodeText } from '../base/index.ts'
import { portableSha256 } from '../merkle/index.ts'
import { bisect } from './bisect.ts'
import { readReceipt, writeReceipt } from './codec.ts'
import { checkReplaySet } from './compare.ts'
import { promptDigest } from './digest.ts'
import type { Receipt } from './receipt.ts'

const sha256 = portableSha256.digest
const digest = (n: number) => encodeBase64Url(new Uint8Array(32).fill(n))

function receiptWith(change: object = {}): Receipt {
  const prompt = [1, 5, 2 ** 31]
  return {
    version: 1,
    kernel: digest(1),
    model: digest(2),
    precision: 'int8',
    group: 32,
    context: 64,
    tokenizer: digest(3),
    promptHash: encodeBase64Url(promptDigest(prompt, sha256)),
    prompt,
    sampling: { temperature: 0.7, topP: 0.9, seed: 12 },
    stops: ['\n', '"'],
    tokensMax: 3,
    tokens: [7, 8, 9],
    finish: 'length',
    gasUsed: 99,
    links: new Uint8Array(96).fill(4),
    ...change,
  }
}

describe('a receipt', () => {
  it('is read as it was written', () => {
    const receipt = receiptWith()
    expect(readReceipt(writeReceipt(receipt), sha256)).toEqual(receipt)
  })

  it.each([
    ['of another version', { version: 2 }],
    ['with a malformed digest', { kernel: 'short' }],
    ['with tokens that are none', { tokens: [1, -2, 3] }],
    ['with links for other tokens', { tokens: [1, 2] }],
    ['with an unknown end', { finish: 'tired' }],
    ['with sampling out of bounds', { sampling: { temperature: -1, topP: 1, seed: 0 } }],
    ['with an empty stop text', { stops: [''] }],
    ['with negative gas', { gasUsed: -1 }],
    ['without a prompt', { prompt: [] }],
  ])('%s is refused', (_name, change) => {
    const bytes = writeReceipt(receiptWith(change))
    expect(() => readReceipt(bytes, sha256)).toThrow('receipt:')
  })

  it('is refused where its prompt is not that of its hash, or it is no JSON', () => {
    const bytes = writeReceipt(receiptWith({ prompt: [1, 5] }))
    const code = (value: string) => expect.objectContaining({ code: value })
    expect(() => readReceipt(bytes, sha256)).toThrow(code('receipt-prompt-mismatch'))
    for (const text of ['', '[]', '{', 'null']) {
      expect(() => readReceipt(encodeText(text), sha256)).toThrow(code('receipt-invalid'))
    }
  })

  it('is only replayed with what it names', () => {
    const receipt = receiptWith()
    checkReplaySet(receipt, receipt)
    for (const what of ['kernel', 'model', 'tokenizer'] as const) {
      const here = { ...receipt, [what]: digest(9) }
      const code = `receipt-${what}-mismatch`
      expect(() => checkReplaySet(receipt, here)).toThrow(expect.objectContaining({ code }))
    }
    checkReplaySet(receipt, { ...receipt, context: 65 })
    for (const change of [{ precision: 'f32' as const }, { group: 64 }, { context: 63 }]) {
      const code = `receipt-${Object.keys(change)[0]}-mismatch`
      const here = { ...receipt, ...change }
      expect(() => checkReplaySet(receipt, here)).toThrow(expect.objectContaining({ code }))
    }
  })
})

const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(3)), { maxLength: 40 }).map((list) => ({
  tokens: list.map(([token]) => token),
  links: Uint8Array.from(list.flatMap(([, link]) => Array(32).fill(link))),
}))

describe('bisection', () => {
  it('finds the first step that differs, in as many rounds as halving takes', () => {
    fc.assert(
      fc.property(steps, steps, (one, other) => {
        const count = Math.max(one.tokens.length, other.tokens.length)
        const differs = (step: number) =>
          one.tokens[step] !== other.tokens[step] || one.links[step * 32] !== other.links[step * 32]
        const first = Array.from({ length: count }, (_, step) => step).find(differs)
        const found = bisect(one, other, sha256)
        expect(found?.step).toBe(first)
        const most = Math.ceil(Math.log2(Math.min(one.tokens.length, other.tokens.length) + 1))
        expect(found?.rounds ?? 0).toBeLessThanOrEqual(most)
      }),
      { numRuns: 60 },
    )
  })

  it('finds one changed step of 2,048 in 11 or 12 rounds', () => {
    const tokens = Array.from({ length: 2048 }, (_, i) => i)
    const links = new Uint8Array(2048 * 32)
    for (const step of [0, 1023, 1024, 2047]) {
      const found = bisect({ tokens, links }, { tokens: tokens.with(step, 9999), links }, sha256)
      expect(found?.step).toBe(step)
      expect(found?.rounds).toBeLessThanOrEqual(12)
    }
  })
})
