import { tensorInvalid } from '../errors.ts'
import type { ModelLayout, TensorPart } from '../files/layout.ts'
import { formatBlocks, partBytes } from '../files/layout.ts'
import { quantize } from './arithmetic.ts'
import { blockWeight, halfToNumber, wholeWeight } from './blocks.ts'
import type { Matrix, ReferenceModel } from './forward.ts'

/** The weights of a part as f32. `file` is the whole model file. */
function readPart(file: Uint8Array, part: TensorPart): Float32Array {
  const bytes = partBytes(part)
  if (part.offset + bytes > file.length) throw tensorInvalid(part.name, 'lies beyond the file')
  const view = new DataView(file.buffer, file.byteOffset + part.offset, bytes)
  return Float32Array.from({ length: part.rows * part.cols }, (_, i) => {
    if (part.format === 'f32') return view.getFloat32(i * 4, true)
    if (part.format === 'f16') return halfToNumber(view.getUint16(i * 2, true))
    return blockWeight(part.format, view, i)
  })
}

/**
 * Blocks of q8_0 and q4_0 taken as they are: whole numbers that quantising would not give.
 */
function readBlocks(file: Uint8Array, part: TensorPart, format: 'q8_0' | 'q4_0'): Matrix {
  const view = new DataView(file.buffer, file.byteOffset + part.offset, partBytes(part))
  const count = part.rows * part.cols
  const { bytes } = formatBlocks[format]
  const values = Int8Array.from({ length: count }, (_, i) => wholeWeight(format, view, i))
  const scales = Float32Array.from({ length: count / 32 }, (_, block) =>
    halfToNumber(view.getUint16(block * bytes, true)),
  )
  return { rows: part.rows, cols: part.cols, weights: { values, scales } }
}

function readMatrix(file: Uint8Array, part: TensorPart, group: number): Matrix {
  const { rows, cols } = part
  const { format } = part
  if (group === 32 && (format === 'q8_0' || format === 'q4_0')) {
    return readBlocks(file, part, format)
  }
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
