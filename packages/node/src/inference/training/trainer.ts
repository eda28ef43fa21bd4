import { ln, uniformAt } from '@heddle/protocol/model'
import { type Arena, createArena, weightCount } from './arena.ts'
import { backward } from './backward.ts'
import { rateAt, type TrainingCourse } from './course.ts'
import { type Extent, forward } from './forward.ts'
import { startKernels } from './kernels.ts'
import type { Lesson } from './lessons.ts'

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
  /** Goes on from another state. */
  load(state: TrainingState): void
}

/** The state that the seed gives before any step: noise for matrices, ones for norms. */
export function initialState({ shape, plan }: TrainingCourse): TrainingState {
  const { dim, hidden, layers, vocab } = shape
  const count = weightCount(shape)
  const weights = new Float32Array(count)
  const part = (from: number, size: number, spread: number) => {
    for (let i = from; i < from + size; i++) {
      weights[i] = (uniformAt(plan.seed, i) * 2 - 1) * spread
    }
    return from + size
  }
  const ones = (from: number, size: number) => {
    weights.fill(1, from, from + size)
    return from + size
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
  const zeros = () => new Float32Array(count)
  return { step: 0, weights, means: zeros(), squares: zeros() }
}

/** A trainer that goes on from a state. Every sum is strict f32 in a fixed order. */
export function createTrainer(
  course: TrainingCourse,
  module: Uint8Array,
  from: TrainingState,
): Trainer {
  const { shape, plan } = course
  const arena = createArena(course)
  const kernels = startKernels(module, arena.memory)
  const { floats, weights, means, squares, weightCount: count } = arena
  let { step } = from
  const load = (state: TrainingState) => {
    const places = [
      [weights.start, state.weights],
      [means, state.means],
      [squares, state.squares],
    ] as const
    for (const [address, values] of places) floats(address, count).set(values)
    step = state.step
  }
  load(from)

  const learn = (lessons: readonly Lesson[]): number => {
    const extent = placeLessons(arena, lessons)
    const rows = extent.examples * extent.length
    const answers = lessons.flatMap(({ targets }) => targets.filter((target) => target >= 0)).length
    floats(arena.gradients.start, count).fill(0)
    forward(kernels, arena, extent)
    const { logits, targets, sums, margins } = arena
    const weight = Math.fround(1 / answers)
    kernels.lossBack(logits, targets, sums, margins, rows, shape.vocab, weight)
    backward(kernels, arena, extent)
    const norm = Math.sqrt(kernels.squares(arena.gradients.start, count))
    const clip = Math.min(1, plan.gradientNormMax / norm)
    const [rise1, rise2] = [riseOf(0.9, step + 1), riseOf(0.99, step + 1)]
    const { start } = arena.gradients
    kernels.adam(
      weights.start,
      start,
      means,
      squares,
      count,
      rateAt(plan, step),
      clip,
      rise1,
      rise2,
    )
    step += 1
    return meanLoss(arena, rows, answers)
  }

  const state = () => {
    const [w, m, v] = [weights.start, means, squares].map((at) => floats(at, count).slice())
    if (w === undefined || m === undefined || v === undefined) throw new RangeError('no state')
    return { step, weights: w, means: m, squares: v }
  }
  return { learn, state, load }
}

function placeLessons(arena: Arena, lessons: readonly Lesson[]): Extent {
  const { memory, tokens, targets, plan } = arena
  const longest = Math.max(...lessons.map((lesson) => lesson.tokens.length))
  const length = Math.ceil(longest / 8) * 8
  if (length > plan.positionsMax) throw new RangeError(`${longest} tokens are too many`)
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

/** For people to read: no step depends on it. The same bits everywhere all the same. */
function meanLoss({ floats, sums, margins }: Arena, rows: number, answers: number): number {
  const margin = floats(margins, rows)
  const logs = floats(sums, rows).reduce((sum, each, i) => sum + ln(each) - (margin[i] ?? 0), 0)
  return logs / answers
}
