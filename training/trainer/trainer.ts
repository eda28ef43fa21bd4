import { uniformAt } from '@heddle/protocol/model'
import { startKernels } from '../kernel/kernels.ts'
import { type Arena, createArena, weightCount } from './arena.ts'
import { backward } from './backward.ts'
import type { Lesson } from './batches.ts'
import { type Extent, forward } from './forward.ts'
import { rateAt, shape, trainingPlan } from './plan.ts'

/** Weights and what Adam remembers of each, after `step` steps. */
export type TrainingState = {
  readonly step: number
  readonly weights: Float32Array
  readonly means: Float32Array
  readonly squares: Float32Array
}

export type Trainer = {
  /** Takes the next step with these lessons; returns the mean loss of a token. */
  learn(lessons: readonly Lesson[]): number
  state(): TrainingState
}

/** The state that the seed gives before any step: noise for matrices, ones for norms. */
export function initialState(): TrainingState {
  const { dim, hidden, layers, vocab } = shape
  const weights = new Float32Array(weightCount)
  const part = (from: number, count: number, spread: number) => {
    for (let i = from; i < from + count; i++) {
      weights[i] = (uniformAt(trainingPlan.seed, i) * 2 - 1) * spread
    }
    return from + count
  }
  const ones = (from: number, count: number) => {
    weights.fill(1, from, from + count)
    return from + count
  }
  const wide = Math.sqrt(3 / dim)
  const narrow = wide / Math.sqrt(2 * layers)
  let at = part(0, vocab * dim, 0.1)
  at = ones(at, layers * dim)
  at = part(at, 3 * layers * dim * dim, wide)
  at = part(at, layers * dim * dim, narrow)
  at = ones(at, layers * dim)
  at = part(at, layers * dim * hidden, wide)
  at = part(at, layers * dim * hidden, narrow)
  at = part(at, layers * dim * hidden, wide)
  ones(at, dim)
  const zeros = () => new Float32Array(weightCount)
  return { step: 0, weights, means: zeros(), squares: zeros() }
}

/** A trainer that goes on from a state. Every sum is strict f32 in a fixed order. */
export function createTrainer(from: TrainingState): Trainer {
  const arena = createArena()
  const kernels = startKernels(arena.memory)
  const { floats, weights, means, squares } = arena
  const places = [
    [weights.start, from.weights],
    [means, from.means],
    [squares, from.squares],
  ] as const
  for (const [address, values] of places) floats(address, weightCount).set(values)
  let { step } = from

  const learn = (lessons: readonly Lesson[]): number => {
    const extent = placeLessons(arena, lessons)
    const rows = extent.examples * extent.length
    const answers = lessons.flatMap(({ targets }) => targets.filter((target) => target >= 0)).length
    floats(arena.gradients.start, weightCount).fill(0)
    forward(kernels, arena, extent)
    const { logits, targets, sums, margins } = arena
    const weight = Math.fround(1 / answers)
    kernels.lossBack(logits, targets, sums, margins, rows, shape.vocab, weight)
    backward(kernels, arena, extent)
    const norm = Math.sqrt(kernels.squares(arena.gradients.start, weightCount))
    const clip = Math.min(1, trainingPlan.gradientNormMax / norm)
    const [rise1, rise2] = [riseOf(0.9, step + 1), riseOf(0.99, step + 1)]
    const { start } = arena.gradients
    kernels.adam(
      weights.start,
      start,
      means,
      squares,
      weightCount,
      rateAt(step),
      clip,
      rise1,
      rise2,
    )
    step += 1
    return meanLoss(arena, rows, answers)
  }

  const state = () => {
    const [w, m, v] = [weights.start, means, squares].map((at) => floats(at, weightCount).slice())
    if (w === undefined || m === undefined || v === undefined) throw new RangeError('no state')
    return { step, weights: w, means: m, squares: v }
  }
  return { learn, state }
}

function placeLessons({ memory, tokens, targets }: Arena, lessons: readonly Lesson[]): Extent {
  const longest = Math.max(...lessons.map((lesson) => lesson.tokens.length))
  const length = Math.ceil(longest / 8) * 8
  if (length > trainingPlan.positionsMax) throw new RangeError(`${longest} tokens are too many`)
  const rows = lessons.length * length
  const tokenAt = new Uint32Array(memory.buffer, tokens, rows).fill(0)
  const targetAt = new Int32Array(memory.buffer, targets, rows).fill(-1)
  for (const [i, lesson] of lessons.entries()) {
    tokenAt.set(lesson.tokens, i * length)
    targetAt.set(lesson.targets, i * length)
  }
  return { examples: lessons.length, length }
}

/** 1 / (1 - beta^step), by multiplying: the power function may differ between engines. */
function riseOf(beta: number, step: number): number {
  let power = 1
  for (let i = 0; i < step; i++) power *= beta
  return 1 / (1 - power)
}

/** For people to read: no step depends on it. */
function meanLoss({ floats, sums, margins }: Arena, rows: number, answers: number): number {
  const margin = floats(margins, rows)
  const logs = floats(sums, rows).reduce(
    (sum, each, i) => sum + Math.log(each) - (margin[i] ?? 0),
    0,
  )
  return logs / answers
}
