import { expect, it } from 'vitest'
import type { TrainingState } from '../packages/node/src/inference/index.ts'
import { generatePart } from './dataset/generate.ts'
import { createBatches, createTrainer, initialState, readLessons } from './trainer.ts'

const lessons = createBatches(readLessons(generatePart('taught').slice(0, 64)))(0).slice(0, 4)

/** The loss at a state, without learning anything that is kept. */
function lossAt(state: TrainingState): number {
  return createTrainer(state).learn(lessons)
}

it('the gradient of every kind of weight is the slope of the loss', () => {
  const start = initialState()
  const trainer = createTrainer(start)
  trainer.learn(lessons)
  // After one step Adam's mean is a tenth of the (clipped) gradient, all by the same factor.
  const { means } = trainer.state()
  const norm = Math.sqrt(means.reduce((sum, mean) => sum + mean * mean, 0))
  const kinds = kindStarts()
  const slopes = kinds.map((from) => {
    // The steepest of some weights of the kind: the least hidden by rounding.
    const some = Array.from({ length: 60 }, (_, i) => from + i * 7)
    const at = some.reduce((a, b) => (Math.abs(means[a] ?? 0) > Math.abs(means[b] ?? 0) ? a : b))
    const delta = 0.01
    const moved = (by: number) => {
      const weights = start.weights.slice()
      weights[at] = (weights[at] ?? 0) + by
      return lossAt({ ...start, weights })
    }
    const slope = (moved(delta) - moved(-delta)) / (2 * delta)
    return { slope, mean: means[at] ?? 0 }
  })
  const factors = slopes.map(({ slope, mean }) => slope / mean)
  const [first = 0] = factors
  expect(norm).toBeGreaterThan(0)
  expect(first).toBeGreaterThan(0)
  for (const factor of factors) expect(Math.abs(factor / first - 1)).toBeLessThan(0.03)
})

/** Where the weights of each kind begin, in the file's order. */
function kindStarts(): number[] {
  const [embedding, norm, square, wide] = [88 * 64, 64, 64 * 64, 64 * 176]
  const sizes = [embedding, norm, square, square, square, square, norm, wide, wide, wide]
  let at = 0
  const starts = sizes.map((size, kind) => {
    const from = at
    at += kind === 0 ? size : size * 3
    return from
  })
  return [...starts.slice(1), 0]
}
