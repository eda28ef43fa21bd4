import type { ModelShape } from '../shape.ts'

export type WeightFormat = 'f32' | 'f16' | 'q8_0'

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

/** Bytes of `count` weights; for q8_0 a multiple of 32. */
function formatBytes(format: WeightFormat, count: number): number {
  if (format === 'q8_0') return (count / 32) * 34
  return count * (format === 'f32' ? 4 : 2)
}

export function partBytes(part: TensorPart): number {
  return formatBytes(part.format, part.rows * part.cols)
}
