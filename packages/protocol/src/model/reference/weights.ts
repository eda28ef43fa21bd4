import { tensorInvalid } from '../errors.ts'
import type { ModelLayout, TensorPart } from '../files/layout.ts'
import { partBytes } from '../files/layout.ts'
import { quantize } from './arithmetic.ts'
import type { Matrix, ReferenceModel } from './forward.ts'

/** One IEEE half as a number; exact. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 0x3ff
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** The weights of a part as f32. `file` is the whole model file. */
function readPart(file: Uint8Array, part: TensorPart): Float32Array {
  const bytes = partBytes(part)
  if (part.offset + bytes > file.length) throw tensorInvalid(part.name, 'lies beyond the file')
  const view = new DataView(file.buffer, file.byteOffset + part.offset, bytes)
  return Float32Array.from({ length: part.rows * part.cols }, (_, i) => {
    if (part.format === 'f32') return view.getFloat32(i * 4, true)
    if (part.format === 'f16') return halfToNumber(view.getUint16(i * 2, true))
    const block = Math.floor(i / 32) * 34
    return view.getInt8(block + 2 + (i % 32)) * halfToNumber(view.getUint16(block, true))
  })
}

/**
 * Blocks of q8_0 taken as they are: their whole numbers may be -128, which quantising never gives.
 */
function readBlocks(file: Uint8Array, part: TensorPart): Matrix {
  const view = new DataView(file.buffer, file.byteOffset + part.offset, partBytes(part))
  const count = part.rows * part.cols
  const values = Int8Array.from({ length: count }, (_, i) =>
    view.getInt8(Math.floor(i / 32) * 34 + 2 + (i % 32)),
  )
  const scales = Float32Array.from({ length: count / 32 }, (_, block) =>
    halfToNumber(view.getUint16(block * 34, true)),
  )
  return { rows: part.rows, cols: part.cols, weights: { values, scales } }
}

function readMatrix(file: Uint8Array, part: TensorPart, group: number): Matrix {
  const { rows, cols } = part
  if (part.format === 'q8_0' && group === 32) return readBlocks(file, part)
  const weights = readPart(file, part)
  if (group === 0) return { rows, cols, weights }
  const groups = Math.ceil(cols / group)
  const values = new Int8Array(rows * groups * group)
  const scales = new Float32Array(rows * groups)
  for (let row = 0; row < rows; row++) {
    const quantized = quantize(weights.subarray(row * cols, (row + 1) * cols), group)
    values.set(quantized.values, row * groups * group)
    scales.set(quantized.scales, row * groups)
  }
  return { rows, cols, weights: { values, scales } }
}

/**
 * The model of a whole file for `referenceForward`: f32 where `group` is 0, otherwise quantised.
 */
export function readReferenceModel(
  layout: ModelLayout,
  file: Uint8Array,
  group: number,
): ReferenceModel {
  const matrix = (part: TensorPart) => readMatrix(file, part, group)
  const embedding = matrix(layout.embedding)
  return {
    shape: layout.shape,
    group,
    embedding,
    layers: layout.layers.map((layer) => ({
      attentionNorm: readPart(file, layer.attentionNorm),
      query: matrix(layer.query),
      key: matrix(layer.key),
      value: matrix(layer.value),
      attentionOutput: matrix(layer.attentionOutput),
      feedForwardNorm: readPart(file, layer.feedForwardNorm),
      gate: matrix(layer.gate),
      up: matrix(layer.up),
      down: matrix(layer.down),
    })),
    finalNorm: readPart(file, layout.finalNorm),
    head: layout.shape.tied ? embedding : matrix(layout.head),
  }
}
