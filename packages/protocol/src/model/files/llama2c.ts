import { modelInvalid, modelTruncated } from '../errors.ts'
import { checkShape, type ModelShape } from '../shape.ts'
import type { LayerParts, ModelLayout, TensorPart } from './layout.ts'

/** Bytes of the header: seven i32. */
export const llama2cHeaderBytes = 28

function readShape(header: Uint8Array, fileBytes: number): ModelShape {
  if (header.length < llama2cHeaderBytes) throw modelTruncated(llama2cHeaderBytes, header.length)
  const view = new DataView(header.buffer, header.byteOffset, llama2cHeaderBytes)
  const field = (index: number) => view.getInt32(index * 4, true)
  const dim = field(0)
  const heads = field(3)
  if (heads <= 0 || dim % heads !== 0) {
    const what = `dim ${dim} cannot be shared by ${heads} heads`
    throw modelInvalid(`${what}: is this, of ${fileBytes} bytes, a llama2.c checkpoint?`)
  }
  return checkShape({
    dim,
    hidden: field(1),
    layers: field(2),
    heads,
    kvHeads: field(4),
    headDim: dim / heads,
    // The sign of the vocabulary says whether the output matrix is one of its own.
    vocab: Math.abs(field(5)),
    context: field(6),
    tied: field(5) > 0,
    epsilon: 1e-5,
    ropeBase: 10_000,
  })
}

/** Hands out parts one after another. */
function partCursor(start: number) {
  let offset = start
  const take = (name: string, rows: number, cols: number): TensorPart => {
    const part: TensorPart = { name, format: 'f32', rows, cols, offset }
    offset += rows * cols * 4
    return part
  }
  return {
    take,
    /** The same tensor of every layer, as the file has them. */
    takeAll: (layers: number, name: string, rows: number, cols: number) =>
      Array.from({ length: layers }, (_, i) => take(`${name}.${i}`, rows, cols)),
    skip: (count: number) => {
      offset += count * 4
    },
    offset: () => offset,
  }
}

/**
 * Reads the header of a llama2.c checkpoint (version 0: header, then f32, each tensor for all
 * layers together). `header` is at least its first 28 bytes. Throws `model-invalid` or `model-
 * truncated`.
 */
export function readLlama2c(header: Uint8Array, fileBytes: number): ModelLayout {
  const shape = readShape(header, fileBytes)
  const { dim, hidden, layers, heads, kvHeads, headDim, vocab, context, tied } = shape
  const cursor = partCursor(llama2cHeaderBytes)
  const embedding = cursor.take('embedding', vocab, dim)
  const matrices = {
    attentionNorm: cursor.takeAll(layers, 'attentionNorm', 1, dim),
    query: cursor.takeAll(layers, 'query', heads * headDim, dim),
    key: cursor.takeAll(layers, 'key', kvHeads * headDim, dim),
    value: cursor.takeAll(layers, 'value', kvHeads * headDim, dim),
    attentionOutput: cursor.takeAll(layers, 'attentionOutput', dim, heads * headDim),
    feedForwardNorm: cursor.takeAll(layers, 'feedForwardNorm', 1, dim),
    gate: cursor.takeAll(layers, 'gate', hidden, dim),
    down: cursor.takeAll(layers, 'down', dim, hidden),
    up: cursor.takeAll(layers, 'up', hidden, dim),
  }
  const finalNorm = cursor.take('finalNorm', 1, dim)
  // Tables of cos and sin, which we compute ourselves.
  cursor.skip(context * headDim)
  const head = tied ? embedding : cursor.take('head', vocab, dim)
  const needed = cursor.offset()
  if (fileBytes < needed) throw modelTruncated(needed, fileBytes)
  if (fileBytes > needed) {
    throw modelInvalid(`${fileBytes - needed} bytes follow the ${needed} that its header announces`)
  }
  const layerParts = Array.from({ length: layers }, (_, i) => {
    const entries = Object.entries(matrices).map(([name, parts]) => [name, parts[i]])
    return Object.fromEntries(entries) as LayerParts
  })
  return { shape, embedding, layers: layerParts, finalNorm, head }
}
