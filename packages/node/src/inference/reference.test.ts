import {
  newReferenceCache,
  readLlama2c,
  readReferenceModel,
  referenceForward,
} from '@heddle/protocol/model'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openCheckpoint } from './testing/open.ts'
import { type SeededShape, seededCheckpoint } from './testing/seeded-model.testing.ts'
import { readStories } from './testing/stories.ts'

const stories = readStories()

const tiny: SeededShape = {
  dim: 48,
  hidden: 100,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  vocab: 61,
  context: 32,
  tied: false,
}

function bitsOf(values: Float32Array): string {
  return Buffer.from(values.slice().buffer).toString('hex')
}

/** Logits after each token: by the kernels, and by the scalar steps. */
async function compare(bytes: Uint8Array, tokens: readonly number[], group: number) {
  const options = group === 0 ? ({ precision: 'f32' } as const) : { group }
  const { engine } = await openCheckpoint(bytes, options)
  const layout = readLlama2c(bytes, bytes.length)
  const model = readReferenceModel(layout, bytes, group)
  const cache = newReferenceCache(layout.shape)
  const session = engine.begin()
  for (const token of tokens) {
    session.feed([token])
    expect(bitsOf(session.logits())).toBe(bitsOf(referenceForward(model, cache, token)))
  }
}

describe('kernels and scalar reference give the same bits', () => {
  const shapes: [string, SeededShape][] = [
    ['untied, shared key heads, odd vocabulary', tiny],
    ['tied', { ...tiny, tied: true }],
    ['one key head', { ...tiny, kvHeads: 1 }],
    ['a head of 64', { ...tiny, dim: 128, heads: 2, kvHeads: 2, hidden: 132 }],
  ]
  const tokens = [1, 60, 7, 7, 33, 0, 12, 59, 2]
  for (const [name, shape] of shapes) {
    it(`f32: ${name}`, () => compare(seededCheckpoint(shape, 1), tokens, 0))
    it(`int8 in groups of 32: ${name}`, () => compare(seededCheckpoint(shape, 2), tokens, 32))
    it(`int8 in groups of 128: ${name}`, () => compare(seededCheckpoint(shape, 3), tokens, 128))
  }

  it('whatever the weights, as long as they are in bounds', async () => {
    const weight = fc.oneof(
      fc.constantFrom(0, -0, 4096, -4096, 1e-38, -1e-45, 3e-31),
      fc.float({ min: -4096, max: 4096, noNaN: true }),
    )
    const shape = { ...tiny, dim: 8, hidden: 12, heads: 2, kvHeads: 1, vocab: 6, layers: 1 }
    const clean = seededCheckpoint(shape, 4)
    await fc.assert(
      fc.asyncProperty(
        fc.array(weight, { minLength: 20, maxLength: 20 }),
        fc.constantFrom(0, 32),
        async (weights, group) => {
          const bytes = clean.slice()
          const floats = new Float32Array(bytes.buffer, 28)
          for (let i = 0; i < floats.length; i++) floats[i] = weights[(i * 7) % 20] ?? 0
          await compare(bytes, [0, 3, 5], group)
          const { engine } = await openCheckpoint(bytes, { precision: group ? 'int8' : 'f32' })
          const session = engine.begin()
          session.feed([0, 3, 5])
          expect(session.logits().every(Number.isFinite)).toBe(true)
        },
      ),
      { numRuns: 40 },
    )
  })

  it.skipIf(typeof stories === 'string')(
    `stories260K ${stories instanceof Object ? '' : stories}`,
    async () => {
      if (typeof stories === 'string') return
      const tokens = [1, 403, 407, 261, 378]
      await compare(stories.checkpoint, tokens, 0)
      await compare(stories.checkpoint, tokens, 32)
    },
  )
})
