import type { ModelShape } from '../shape.ts'

/** How formats pack weights: so many share so many bytes. */
export const formatBlocks = {
  f32: { weights: 1, bytes: 4 },
  f16: { weights: 1, bytes: 2 },
  q4_0: { weights: 32, bytes: 18 },
  q8_0: { weights: 32, bytes: 34 },
  q4_k: { weights: 256, bytes: 144 },
  q6_k: { weights: 256, bytes: 210 },
} as const

export type WeightFormat = keyof typeof formatBlocks

/**
 * Where a matrix lies in a model file: `rows` rows of `cols` weights, row by row, little-endian.
 */
export type TensorPart = {
  readonly name: string
  readonly format: WeightFormat
  readonly rows: number
  readonly cols: number
  /** First byte, from the start of the file. */
  readonly offset: number
}

export type LayerParts = {
  readonly attentionNorm: TensorPart
  readonly query: TensorPart
  readonly key: TensorPart
  readonly value: TensorPart
  readonly attentionOutput: TensorPart
  readonly feedForwardNorm: TensorPart
  readonly gate: TensorPart
  readonly up: TensorPart
  readonly down: TensorPart
}

/** A model file, read as far as its header: what is in it, and where. */
export type ModelLayout = {
  readonly shape: ModelShape
  readonly embedding: TensorPart
  readonly layers: readonly LayerParts[]
  readonly finalNorm: TensorPart
  /** The embedding itself where the model is tied. */
  readonly head: TensorPart
}

/** Bytes of a part, whose rows are whole blocks. */
export function partBytes({ format, rows, cols }: TensorPart): number {
  const { weights, bytes } = formatBlocks[format]
  return ((rows * cols) / weights) * bytes
}
