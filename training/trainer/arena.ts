import { cosineSine, ropeFrequencies } from '@heddle/protocol/model'
import { shape, trainingPlan } from './plan.ts'

const { dim, hidden, layers, heads, headDim } = shape
const rows = trainingPlan.batch * trainingPlan.positionsMax

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

const layerFloats = {
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

/** Weights in the order of a llama2.c checkpoint, each tensor for all layers together. */
function placeWeights(start: number): { readonly weights: Weights; readonly end: number } {
  const embedding = start
  let at = embedding + shape.vocab * dim * 4
  const addresses = Array.from({ length: layers }, () => ({ ...layerFloats }))
  for (const [name, floats] of Object.entries(layerFloats)) {
    for (const layer of addresses) {
      layer[name as keyof LayerWeights] = at
      at += floats * 4
    }
  }
  return { weights: { start, embedding, layers: addresses, finalNorm: at }, end: at + dim * 4 }
}

/** Weights of the model. */
export const weightCount = placeWeights(0).end / 4

/** Places of everything in one memory. */
export function createArena() {
  let at = 64
  const take = (floats: number) => {
    const start = at
    at += Math.ceil(floats / 4) * 16
    return start
  }
  const model = () => {
    const { weights } = placeWeights(take(weightCount))
    return weights
  }
  const trace = (): LayerTrace => ({
    input: take(rows * dim),
    normal: take(rows * dim),
    inverse: take(rows),
    query: take(rows * dim),
    key: take(rows * dim),
    value: take(rows * dim),
    shares: take(rows * heads * trainingPlan.positionsMax),
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
    means: take(weightCount),
    squares: take(weightCount),
    turns: take(trainingPlan.positionsMax * headDim),
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
    dShares: take(trainingPlan.positionsMax ** 2),
    transposed: take(dim * Math.max(hidden, shape.vocab, trainingPlan.positionsMax)),
  }
  const memory = new WebAssembly.Memory({ initial: Math.ceil(at / 65_536) })
  const floats = (address: number, count: number) => new Float32Array(memory.buffer, address, count)
  floats(places.turns, trainingPlan.positionsMax * headDim).set(turnTable())
  return { ...places, memory, floats }
}

export type Arena = ReturnType<typeof createArena>

/** cos and sin per position and pair of a head. */
function turnTable(): number[] {
  const rates = [...ropeFrequencies(shape)]
  return Array.from({ length: trainingPlan.positionsMax }, (_, position) =>
    rates.flatMap((rate) => cosineSine(position * rate)),
  ).flat()
}
