import { cosineSine, exp } from '../functions.ts'
import type { ModelShape } from '../shape.ts'
import { ropeFrequencies } from '../shape.ts'
import { dot, type Quantized, quantize, quantizedDot } from './arithmetic.ts'

const { fround, sqrt } = Math

/** `rows` rows of `cols` weights: f32, or quantised row by row in groups. */
export type Matrix = {
  readonly rows: number
  readonly cols: number
  readonly weights: Float32Array | Quantized
}

export type ReferenceLayer = {
  readonly attentionNorm: Float32Array
  readonly query: Matrix
  readonly key: Matrix
  readonly value: Matrix
  readonly attentionOutput: Matrix
  readonly feedForwardNorm: Float32Array
  readonly gate: Matrix
  readonly up: Matrix
  readonly down: Matrix
}

export type ReferenceModel = {
  readonly shape: ModelShape
  /** 0 for f32 weights, otherwise columns per group. */
  readonly group: number
  readonly embedding: Matrix
  readonly layers: readonly ReferenceLayer[]
  readonly finalNorm: Float32Array
  readonly head: Matrix
}

/** Keys and values of the positions so far: per layer, one vector a position. */
export type ReferenceCache = { readonly keys: Float32Array[]; readonly values: Float32Array[] }[]

export function newReferenceCache(shape: ModelShape): ReferenceCache {
  return Array.from({ length: shape.layers }, () => ({ keys: [], values: [] }))
}

function embed({ embedding, group }: ReferenceModel, token: number): Float32Array {
  const { weights, cols } = embedding
  if (weights instanceof Float32Array) return weights.slice(token * cols, (token + 1) * cols)
  const groups = Math.ceil(cols / group)
  return Float32Array.from({ length: cols }, (_, i) => {
    const value = weights.values[token * groups * group + i] ?? 0
    return value * (weights.scales[token * groups + Math.floor(i / group)] ?? 0)
  })
}

function multiply(matrix: Matrix, x: Float32Array, group: number): Float32Array {
  const { weights, rows, cols } = matrix
  if (weights instanceof Float32Array) {
    return Float32Array.from({ length: rows }, (_, row) => dot(weights, row * cols, x, 0, cols))
  }
  const vector = quantize(x, group)
  const groups = vector.scales.length
  return Float32Array.from({ length: rows }, (_, row) =>
    quantizedDot(weights, row * groups * group, row * groups, vector, group),
  )
}

function normalize(x: Float32Array, weight: Float32Array, epsilon: number): Float32Array {
  const mean = fround(dot(x, 0, x, 0, x.length) / x.length)
  const inverse = fround(1 / fround(sqrt(fround(mean + fround(epsilon)))))
  return x.map((value, i) => (weight[i] ?? 0) * fround(inverse * value))
}

function rotate(x: Float32Array, turns: readonly (readonly [number, number])[]): void {
  for (let i = 0; i < x.length; i += 2) {
    const [c, s] = turns[(i / 2) % turns.length] ?? [1, 0]
    const a = x[i] ?? 0
    const b = x[i + 1] ?? 0
    x[i] = fround(a * c) - fround(b * s)
    x[i + 1] = fround(a * s) + fround(b * c)
  }
}

/**
 * e^(score - largest) of each score as f32, and 1 / their sum; even and odd positions are summed
 * apart.
 */
function exponentials(scores: Float32Array): { shares: Float32Array; inverse: number } {
  const most = scores.reduce((high, score) => Math.max(high, score))
  const sums = [0, 0]
  const shares = scores.map((score, i) => {
    const e = exp(score - most)
    sums[i & 1] = (sums[i & 1] ?? 0) + e
    return e
  })
  return { shares, inverse: fround(1 / ((sums[0] ?? 0) + (sums[1] ?? 0))) }
}

function attend(
  shape: ModelShape,
  query: Float32Array,
  keys: readonly Float32Array[],
  values: readonly Float32Array[],
): Float32Array {
  const { heads, kvHeads, headDim } = shape
  const out = new Float32Array(heads * headDim)
  const scale = fround(1 / fround(sqrt(headDim)))
  for (let head = 0; head < heads; head++) {
    const at = Math.floor(head / (heads / kvHeads)) * headDim
    const scores = Float32Array.from(
      keys,
      (key) => dot(query, head * headDim, key, at, headDim) * scale,
    )
    const { shares, inverse } = exponentials(scores)
    for (let i = 0; i < headDim; i++) {
      let sum = 0
      values.forEach((value, t) => {
        sum = fround(sum + fround((shares[t] ?? 0) * (value[at + i] ?? 0)))
      })
      out[head * headDim + i] = sum * inverse
    }
  }
  return out
}

function addTo(x: Float32Array, y: Float32Array): void {
  y.forEach((value, i) => {
    x[i] = (x[i] ?? 0) + value
  })
}

/**
 * The forward pass in scalar steps: what the kernels must give, bit for bit, and what a referee
 * runs to settle one step. Takes `token` at the position the cache is at, and returns the logits.
 */
export function referenceForward(
  model: ReferenceModel,
  cache: ReferenceCache,
  token: number,
): Float32Array {
  const { shape, group } = model
  const x = embed(model, token)
  const position = cache[0]?.keys.length ?? 0
  const turns = Array.from(ropeFrequencies(shape), (rate) => cosineSine(position * rate))
  model.layers.forEach((layer, i) => {
    const { keys, values } = cache[i] ?? { keys: [], values: [] }
    const normal = normalize(x, layer.attentionNorm, shape.epsilon)
    const query = multiply(layer.query, normal, group)
    const key = multiply(layer.key, normal, group)
    rotate(query, turns)
    rotate(key, turns)
    keys.push(key)
    values.push(multiply(layer.value, normal, group))
    addTo(x, multiply(layer.attentionOutput, attend(shape, query, keys, values), group))
    const inner = normalize(x, layer.feedForwardNorm, shape.epsilon)
    const gate = multiply(layer.gate, inner, group)
    const up = multiply(layer.up, inner, group)
    const active = gate.map((g, at) => (g / (1 + exp(-g))) * (up[at] ?? 0))
    addTo(x, multiply(layer.down, active, group))
  })
  return multiply(model.head, normalize(x, model.finalNorm, shape.epsilon), group)
}
