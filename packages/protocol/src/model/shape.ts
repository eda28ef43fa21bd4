import { modelInvalid } from './errors.ts'
import { exp, ln } from './functions.ts'

/** The size of a Llama-family model: RMSNorm, rotary positions, grouped queries, SwiGLU. */
export type ModelShape = {
  readonly dim: number
  readonly hidden: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly headDim: number
  readonly vocab: number
  /** Positions the model was made for. */
  readonly context: number
  /** The output matrix is the embedding. */
  readonly tied: boolean
  /** Added to the mean square in RMSNorm. */
  readonly epsilon: number
  /** Base of the rotary frequencies. */
  readonly ropeBase: number
}

/**
 * What any model may have at most. They also bound every sum: with weights of at most `weightMax`
 * no f32 of the forward pass overflows but for the square sum of RMSNorm, whose infinity gives
 * zeros, not NaN.
 */
export const modelLimits = {
  dim: 32_768,
  hidden: 131_072,
  layers: 256,
  heads: 1024,
  headDim: 1024,
  vocab: 1_048_576,
  context: 1_048_575,
  weightMax: 4096,
} as const

function checkWhole(name: string, value: number, most: number, multiple = 1): void {
  if (Number.isInteger(value) && value > 0 && value <= most && value % multiple === 0) return
  const step = multiple === 1 ? '' : ` and a multiple of ${multiple}`
  throw modelInvalid(`${name} is ${value}, must be from 1 to ${most}${step}`)
}

/** Throws `model-invalid` where a size is out of its limits or two sizes contradict each other. */
export function checkShape(shape: ModelShape): ModelShape {
  checkWhole('dim', shape.dim, modelLimits.dim, 4)
  checkWhole('hidden', shape.hidden, modelLimits.hidden, 4)
  checkWhole('layers', shape.layers, modelLimits.layers)
  checkWhole('heads', shape.heads, modelLimits.heads)
  checkWhole('kvHeads', shape.kvHeads, shape.heads)
  checkWhole('headDim', shape.headDim, modelLimits.headDim, 4)
  checkWhole('vocab', shape.vocab, modelLimits.vocab)
  checkWhole('context', shape.context, modelLimits.context)
  checkWhole('heads * headDim', shape.heads * shape.headDim, modelLimits.dim)
  if (shape.heads % shape.kvHeads !== 0) {
    throw modelInvalid(`${shape.heads} heads cannot share ${shape.kvHeads} key heads evenly`)
  }
  if (!(shape.epsilon >= 1e-12 && shape.epsilon <= 1)) {
    throw modelInvalid(`epsilon is ${shape.epsilon}, must be from 1e-12 to 1`)
  }
  if (!(shape.ropeBase >= 1 && shape.ropeBase <= 1e12)) {
    throw modelInvalid(`rotary base is ${shape.ropeBase}, must be from 1 to 1e12`)
  }
  return shape
}

/** Weights that every token is multiplied with, the output matrix included. */
function weightsPerToken(shape: ModelShape): number {
  const attention = 2 * shape.dim * (shape.heads + shape.kvHeads) * shape.headDim
  const perLayer = attention + 3 * shape.dim * shape.hidden
  return shape.layers * perLayer + shape.vocab * shape.dim
}

/**
 * Gas of one token at `position`: multiplications with weights and with the cache, in thousands
 * rounded up. It depends on the shape alone, so that every node charges the same.
 */
export function tokenGas(shape: ModelShape, position: number): number {
  const attention = 2 * shape.layers * shape.heads * shape.headDim * (position + 1)
  return Math.ceil((weightsPerToken(shape) + attention) / 1000)
}

/** The angle each pair of a head turns by per position, in f64: base^(-2i / headDim). */
export function ropeFrequencies(shape: ModelShape): Float64Array {
  const step = -ln(shape.ropeBase) / (shape.headDim / 2)
  return Float64Array.from({ length: shape.headDim / 2 }, (_, i) => exp(i * step))
}
