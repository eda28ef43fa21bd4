import { expect, it } from 'vitest'
import { pieceSamplingConfidence, rowSamplesFor, rowSamplingConfidence } from './sampling.ts'

it('matches what counting all draws gives on a small code', () => {
  // k = 3, n = 5: two rows can be shown at most; 2 of 5 draws of one, 1 of 10 pairs, no triple.
  const confidence = (samples: number) => rowSamplingConfidence({ k: 3, n: 5, samples })
  expect([0, 1, 2, 3].map(confidence)).toEqual([0, 1 - 2 / 5, 1 - 1 / 10, 1])
})

it('pieces of many stripes say less than rows', () => {
  const shape = { k: 64, n: 192, samples: 30 }
  const rows = rowSamplingConfidence(shape)
  expect(rows).toBeGreaterThan(1 - 2 ** -40)
  expect(pieceSamplingConfidence({ ...shape, stripes: 1 })).toBeLessThan(rows)
  expect(pieceSamplingConfidence({ ...shape, stripes: 128 })).toBeLessThan(0.2)
  expect(pieceSamplingConfidence({ ...shape, stripes: 2, samples: 1 })).toBeCloseTo(129 / 384)
})

it('draws as many rows as the confidence asks for, and no more', () => {
  for (const [k, n] of [
    [16, 48],
    [64, 192],
    [64, 200],
  ] as const) {
    for (const bits of [1, 10, 20, 40]) {
      const samples = rowSamplesFor(k, n, bits)
      const missed = (count: number) => 1 - rowSamplingConfidence({ k, n, samples: count })
      expect(missed(samples)).toBeLessThanOrEqual(2 ** -bits * 1.0001)
      expect(missed(samples - 1)).toBeGreaterThan(2 ** -bits)
    }
  }
  expect(rowSamplesFor(16, 48, 400)).toBe(16)
})
