import type { ModelShape } from '@heddle/protocol/model'
import { cosineSine, ropeFrequencies } from '@heddle/protocol/model'
import { courseInvalid, type TrainingCourse } from './course.ts'
import { trainingLimits } from './limits.ts'

/** Addresses of one layer's weights, or of their gradients. */
export type LayerWeights = {
  readonly attentionNorm: number
  readonly query: number
  readonly key: number
  readonly value: number
  readonly attentionOutput: number
  readonly feedForwardNorm: number
  readonly gate: number
  readonly down: number
  readonly up: number
}

export type Weights = {
  readonly start: number
  readonly embedding: number
  readonly layers: readonly LayerWeights[]
  readonly finalNorm: number
}

/** What the way forwards leaves of a layer for the way back. */
export type LayerTrace = {
  readonly input: number
  readonly normal: number
  readonly inverse: number
  readonly query: number
  readonly key: number
  readonly value: number
  readonly shares: number
  readonly mixed: number
  readonly middle: number
  readonly innerNormal: number
  readonly innerInverse: number
  readonly gate: number
  readonly up: number
  readonly active: number
}

function layerFloats({ dim, hidden }: ModelShape): LayerWeights {
  return {
    attentionNorm: dim,
    query: dim * dim,
    key: dim * dim,
    value: dim * dim,
    attentionOutput: dim * dim,
    feedForwardNorm: dim,
    gate: dim * hidden,
    down: dim * hidden,
    up: dim * hidden,
  }
}

/** Weights in the order of a llama2.c checkpoint, each tensor for all layers together. */
function placeWeights(shape: ModelShape, start: number) {
  const { dim, layers } = shape
  const sizes = layerFloats(shape)
  const embedding = start
  let at = embedding + shape.vocab * dim * 4
  const addresses = Array.from({ length: layers }, () => ({ ...sizes }))
  for (const [name, floats] of Object.entries(sizes)) {
    for (const layer of addresses) {
      layer[name as keyof LayerWeights] = at
      at += floats * 4
    }
  }
  const weights: Weights = { start, embedding, layers: addresses, finalNorm: at }
  return { weights, end: at + dim * 4 }
}

/** Weights of the model. */
export function weightCount(shape: ModelShape): number {
  return placeWeights(shape, 0).end / 4
}

/** Places of everything in one memory. Throws `module-training-invalid` where that would be too large. */
export function createArena({ shape, plan }: TrainingCourse) {
  const { dim, hidden, layers, heads, headDim } = shape
  const rows = plan.batch * plan.positionsMax
  const count = weightCount(shape)
  if (count > trainingLimits.weights) throw courseInvalid(`${count} weights are too many`)
  let at = 64
  const take = (floats: number) => {
    const start = at
    at += Math.ceil(floats / 4) * 16
    return start
  }
  const model = () => {
    const { weights } = placeWeights(shape, take(count))
    return weights
  }
  const trace = (): LayerTrace => ({
    input: take(rows * dim),
    normal: take(rows * dim),
    inverse: take(rows),
    query: take(rows * dim),
    key: take(rows * dim),
    value: take(rows * dim),
    shares: take(rows * heads * plan.positionsMax),
    mixed: take(rows * dim),
    middle: take(rows * dim),
    innerNormal: take(rows * dim),
    innerInverse: take(rows),
    gate: take(rows * hidden),
    up: take(rows * hidden),
    active: take(rows * hidden),
  })
  const places = {
    weights: model(),
    gradients: model(),
    means: take(count),
    squares: take(count),
    turns: take(plan.positionsMax * headDim),
    tokens: take(rows),
    targets: take(rows),
    traces: Array.from({ length: layers }, trace),
    output: take(rows * dim),
    outputNormal: take(rows * dim),
    outputInverse: take(rows),
    logits: take(rows * shape.vocab),
    sums: take(rows),
    margins: take(rows),
    /** Changes on the way back. */
    dx: take(rows * dim),
    dNormal: take(rows * dim),
    dMixed: take(rows * dim),
    dQuery: take(rows * dim),
    dKey: take(rows * dim),
    dValue: take(rows * dim),
    dActive: take(rows * hidden),
    dShares: take(plan.positionsMax ** 2),
    transposed: take(dim * Math.max(hidden, shape.vocab, plan.positionsMax)),
  }
  if (at > trainingLimits.memoryBytes) throw courseInvalid(`a step would take ${at} bytes`)
  const memory = new WebAssembly.Memory({ initial: Math.ceil(at / 65_536) })
  const floats = (address: number, count: number) => new Float32Array(memory.buffer, address, count)
  floats(places.turns, plan.positionsMax * headDim).set(turnTable(shape, plan.positionsMax))
  return { ...places, shape, plan, weightCount: count, memory, floats }
}

export type Arena = ReturnType<typeof createArena>

/** cos and sin per position and pair of a head. */
function turnTable(shape: ModelShape, positions: number): number[] {
  const rates = [...ropeFrequencies(shape)]
  return Array.from({ length: positions }, (_, position) =>
    rates.flatMap((rate) => cosineSine(position * rate)),
  ).flat()
}
