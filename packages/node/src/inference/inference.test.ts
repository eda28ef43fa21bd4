import { readFileSync } from 'node:fs'
import { encodeText } from '@heddle/protocol/base'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../runtime/index.ts'
import { loadEngine } from './engine.ts'
import { openLlama2c } from './load/llama2c.ts'
import { bytesSource } from './load/source.ts'
import { openStories, tinyShape } from './testing/chains.ts'
import { openCheckpoint, testPorts } from './testing/open.ts'
import { seededCheckpoint, seededTokenizer } from './testing/seeded-model.testing.ts'
import { readStories } from './testing/stories.ts'

const vectorsUrl = new URL('../../../../spec/vectors/inference.json', import.meta.url)
const { stories260K: golden, seeded } = JSON.parse(readFileSync(vectorsUrl, 'utf8'))
const stories = readStories()
const missing = typeof stories === 'string' ? ` (skipped: ${stories})` : ''

async function open(precision: 'f32' | 'int8' = 'f32', sessionsMax = 1) {
  const opened = await openStories(precision, sessionsMax)
  if (typeof opened === 'string') throw new Error(opened)
  return opened.engine
}

/** Steps to the end of the answer; the text as it was shown. */
function finish(session: ReturnType<Awaited<ReturnType<typeof open>>['begin']>) {
  const shown: Uint8Array[] = []
  while (!session.isFinished) shown.push(session.step().bytes)
  return Buffer.concat(shown).toString()
}

describe.skipIf(missing !== '')(`stories260K${missing}`, () => {
  it('tells the published story in f32, and its own in int8', async () => {
    for (const precision of ['f32', 'int8'] as const) {
      const session = (await open(precision)).begin({ tokensMax: 256 })
      session.feed([1])
      expect(finish(session)).toBe(golden.text[precision])
    }
  })

  it('encodes text as the model was trained, and back', async () => {
    const { tokenizer } = await open()
    expect(tokenizer.encode('Once upon a time')).toEqual([403, 407, 261, 378])
    const text = 'Łódź, 3 < 4 <0x0A> <s>'
    const bytes = tokenizer.encode(text).map((token) => tokenizer.bytesOf(token, 5))
    expect(Buffer.concat(bytes).toString()).toBe(` ${text}`)
    expect(() => tokenizer.bytesOf(512, 1)).toThrow('from 0 to 511')
  })

  it('draws the same tokens from the same seed, others from another', async () => {
    const engine = await open('f32', 2)
    const { tokens, ...sampling } = golden.sampled
    const draw = (seed: number) => {
      const session = engine.begin({ tokensMax: tokens.length, sampling: { ...sampling, seed } })
      session.feed([1])
      finish(session)
      session.end()
      return session.tokens.slice(1)
    }
    expect(draw(sampling.seed)).toEqual(tokens)
    expect(draw(sampling.seed + 1)).not.toEqual(tokens)
  })

  it('ends before a stop text, even one that runs over tokens', async () => {
    const session = (await open()).begin({ stops: ['in the park', 'named Tom'] })
    session.feed([1])
    const text = finish(session)
    expect(text).toBe(golden.text.f32.slice(0, golden.text.f32.indexOf('in the park')))
    expect(() => session.step()).toThrow('has finished its answer')
  })

  it('keeps sessions apart', async () => {
    const engine = await open('f32', 2)
    const one = engine.begin({ tokensMax: 20 })
    const two = engine.begin({ tokensMax: 20 })
    expect(() => engine.begin()).toThrow('all 2 sessions')
    one.feed([1])
    two.feed([1, 403, 80])
    for (let i = 0; i < 20; i++) {
      one.step()
      two.step()
    }
    one.end()
    one.end()
    const alone = engine.begin({ tokensMax: 20 })
    expect(() => engine.begin()).toThrow('all 2 sessions')
    alone.feed([1])
    finish(alone)
    expect(alone.tokens).toEqual(one.tokens)
    expect(alone.logitsChain).toEqual(one.logitsChain)
    expect(two.tokens).not.toEqual(one.tokens)
    expect(() => one.feed([1])).toThrow('was ended')
  })

  it('takes a further turn after an answer', async () => {
    const engine = await open('f32', 2)
    const session = engine.begin({ tokensMax: 3 })
    session.feed([1])
    finish(session)
    session.feed([80, 90])
    const whole = engine.begin()
    whole.feed(session.tokens)
    expect(session.logits()).toEqual(whole.logits())
    finish(session)
    expect(session.tokens).toHaveLength(1 + 3 + 2 + 3)
  })

  it('shows what a stop text held back once, at the end of its turn', async () => {
    const session = (await open()).begin({ tokensMax: 3, stops: [' time for bed'] })
    session.feed([1])
    expect(finish(session)).toBe('Once upon a')
    session.feed([378])
    expect(finish(session)).toBe(', there was')
    const other = (await open()).begin({ tokensMax: 4, stops: [' time for bed'] })
    other.feed([1])
    expect(finish(other)).toBe('Once upon a time')
    other.feed([80])
    expect(finish(other)).not.toContain(' time')
  })
})

const shape = {
  ...{ dim: 64, hidden: 96, layers: 2, heads: 4, kvHeads: 2, vocab: 40, context: 48 },
  tied: true,
}

describe('prefill equals decode, bit for bit', () => {
  for (const precision of ['f32', 'int8'] as const) {
    for (const batchTokens of [1, 2, 5, 32]) {
      it(`${precision}, ${batchTokens} tokens at once`, async () => {
        const options = { precision, batchTokens, sessionsMax: 2 }
        const { engine } = await openCheckpoint(seededCheckpoint(shape, 9), options)
        const tokens = Array.from({ length: 41 }, (_, i) => (i * 13) % 40)
        const together = engine.begin()
        together.feed(tokens)
        const single = engine.begin()
        for (const token of tokens) single.feed([token])
        expect(together.logits()).toEqual(single.logits())
        expect(together.gasUsed).toBe(single.gasUsed)
        for (let i = 0; i < 4; i++) expect(together.step().token).toBe(single.step().token)
        expect(together.logitsChain).toEqual(single.logitsChain)
      })
    }
  }
})

describe('what is refused', () => {
  const bytes = seededCheckpoint(shape, 5)
  const code = (value: string) => expect.objectContaining({ code: value })
  const header = (index: number, value: number) => {
    const changed = bytes.slice()
    new DataView(changed.buffer).setInt32(index * 4, value, true)
    return changed
  }

  it('a file that is cut off, too long, or not of its shape', async () => {
    await expect(openCheckpoint(bytes.slice(0, 20))).rejects.toEqual(code('model-truncated'))
    await expect(openCheckpoint(bytes.slice(0, -4))).rejects.toEqual(code('model-truncated'))
    const longer = Uint8Array.from([...bytes, 0, 0, 0, 0])
    await expect(openCheckpoint(longer)).rejects.toEqual(code('model-invalid'))
    await expect(openCheckpoint(header(0, 60))).rejects.toEqual(code('model-invalid'))
    await expect(openCheckpoint(header(3, 5))).rejects.toEqual(code('model-invalid'))
    await expect(openCheckpoint(header(3, 0))).rejects.toEqual(code('model-invalid'))
    await expect(openCheckpoint(header(4, 3))).rejects.toEqual(code('model-invalid'))
    await expect(openCheckpoint(header(2, 2_000_000_000))).rejects.toEqual(code('model-invalid'))
    await expect(openCheckpoint(header(2, 200))).rejects.toEqual(code('model-truncated'))
  })

  it('weights that are no numbers or beyond any bound, and says which', async () => {
    // Rows of 64 are quantised four at once, those of 48 one after another.
    const wide = seededCheckpoint({ ...tinyShape, dim: 64 }, 1)
    for (const weight of [Number.NaN, Number.POSITIVE_INFINITY, -5000]) {
      for (const [good, precision] of [
        [bytes, 'f32'],
        [bytes, 'int8'],
        [wide, 'int8'],
      ] as const) {
        const changed = good.slice()
        new DataView(changed.buffer).setFloat32(28 + 4 * 70, weight, true)
        const opening = openCheckpoint(changed, { precision })
        await expect(opening).rejects.toThrow('weight 70 of tensor embedding')
      }
    }
  })

  it('a model over the memory limit, before anything is allocated', async () => {
    const opening = openCheckpoint(bytes, { memoryBytesMax: 2 ** 20 })
    await expect(opening).rejects.toEqual(code('model-too-large'))
    const many = openCheckpoint(bytes, { sessionsMax: 1024, memoryBytesMax: 2 ** 24 })
    await expect(many).rejects.toEqual(code('model-too-large'))
  })

  it('the tokenizer of another model', async () => {
    const { engine } = await openCheckpoint(bytes)
    const other = seededCheckpoint({ ...shape, vocab: 44 }, 5)
    const opening = openCheckpoint(other, {}, engine.tokenizer)
    await expect(opening).rejects.toEqual(code('tokenizer-mismatch'))
  })

  it('tokens that do not exist, prompts over the context, steps without a prompt', async () => {
    const { engine } = await openCheckpoint(bytes, { contextTokens: 10 })
    const session = engine.begin()
    expect(() => session.step()).toThrow(code('prompt-missing'))
    expect(() => session.feed([3, 40])).toThrow(code('token-out-of-range'))
    expect(() => session.feed([3, -1])).toThrow(code('token-out-of-range'))
    expect(() => session.feed([0.5])).toThrow(code('token-out-of-range'))
    expect(() => session.feed(new Array(11).fill(1))).toThrow(code('context-exceeded'))
    expect(session.position).toBe(0)
    session.feed(new Array(9).fill(1))
    expect(session.step().finish).toBe('length')
    expect(session.tokens).toHaveLength(10)
  })

  it('tokens that cost more gas than is left, without computing any', async () => {
    const { engine } = await openCheckpoint(bytes)
    const measure = engine.begin()
    measure.feed([1, 2, 3])
    const cost = measure.gasUsed
    expect(cost).toBeGreaterThan(3 * 60)
    measure.end()
    const session = engine.begin({ gasLimit: cost })
    expect(() => session.feed([1, 2, 3, 4])).toThrow(code('gas-exhausted'))
    expect(session.gasUsed).toBe(0)
    session.feed([1, 2, 3])
    session.step()
    expect(() => session.step()).toThrow(code('gas-exhausted'))
    expect(session.tokens).toHaveLength(4)
  })

  it('options out of their bounds', async () => {
    const { engine } = await openCheckpoint(bytes)
    const sampling = { temperature: 1, topP: 1, seed: 0 }
    const wrong = [{ temperature: -1 }, { temperature: 1e-5 }, { topP: 0 }, { seed: 0.5 }]
    for (const part of wrong) {
      const begin = () => engine.begin({ sampling: { ...sampling, ...part } })
      expect(begin).toThrow(code('sampling-invalid'))
    }
    expect(() => engine.begin({ stops: [''] })).toThrow(code('inference-option-invalid'))
    expect(() => engine.begin({ tokensMax: 0 })).toThrow(code('inference-option-invalid'))
    for (const part of [{ group: 48 }, { group: 2048 }, { batchTokens: 0 }]) {
      const opening = openCheckpoint(bytes, part)
      await expect(opening).rejects.toEqual(code('inference-option-invalid'))
    }
    const long = openCheckpoint(bytes, { contextTokens: 49 })
    await expect(long).rejects.toEqual(code('context-exceeded'))
  })
})

describe('the seeded model of the vectors', () => {
  it('is read once, from its beginning to its end', async () => {
    const source = bytesSource(seededCheckpoint(tinyShape, 1))
    const layout = await openLlama2c(source)
    const places: number[] = []
    const read = (into: Uint8Array, position: number) => {
      places.push(position)
      return source.read(into, position)
    }
    const tokenizer = seededTokenizer(tinyShape.vocab)
    await loadEngine({ layout, source: { ...source, read }, tokenizer }, testPorts())
    expect(places.length).toBeGreaterThan(20)
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b))
  })

  it('is made from its seed', () => {
    expect(seeded.shape).toEqual(tinyShape)
    const digest = nodeCrypto.sha256(seededCheckpoint(tinyShape, seeded.seed))
    expect(Buffer.from(digest).toString('hex')).toBe(seeded.sha256)
  })
})

describe('stop texts', () => {
  it('hold back what may be the beginning of one, and let it go when it was not', async () => {
    const { engine } = await openCheckpoint(seededCheckpoint(shape, 5))
    const free = engine.begin({ tokensMax: 6 })
    free.feed([1])
    const text = finish(free)
    free.end()
    const never = engine.begin({ tokensMax: 6, stops: [`${text.slice(-3)}never`, 'x'] })
    never.feed([1])
    expect(finish(never)).toBe(text)
    expect(encodeText(text).length).toBeGreaterThan(6)
  })
})
