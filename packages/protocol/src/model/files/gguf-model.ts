import { modelInvalid, modelTruncated, modelUnsupported, tensorInvalid } from '../errors.ts'
import { checkShape, type ModelShape } from '../shape.ts'
import type { GgufHeader } from './gguf.ts'
import {
  formatBlocks,
  type ModelLayout,
  partBytes,
  type TensorPart,
  type WeightFormat,
} from './layout.ts'

/** ggml's numbers of the formats this engine reads. */
const formats: Readonly<Record<number, WeightFormat>> = {
  0: 'f32',
  1: 'f16',
  2: 'q4_0',
  8: 'q8_0',
  12: 'q4_k',
  14: 'q6_k',
}

function readNumber(header: GgufHeader, key: string, fallback?: number): number {
  const value = header.values.get(key) ?? fallback
  if (typeof value !== 'number') throw modelInvalid(`${key} is missing or no number`)
  return value
}

function vocabOf(header: GgufHeader): number {
  const rows = header.tensors.get('token_embd.weight')?.sizes[1]
  if (rows === undefined) throw tensorInvalid('token_embd.weight', 'is missing')
  return rows
}

function refuseVariants(header: GgufHeader): void {
  const architecture = header.values.get('general.architecture')
  if (architecture !== 'llama') {
    throw modelUnsupported(`architecture ${String(architecture)}, not llama`)
  }
  const scaling = header.values.get('llama.rope.scaling.type') ?? 'none'
  if (scaling !== 'none' || header.tensors.has('rope_freqs.weight')) {
    throw modelUnsupported('its rotary positions are scaled')
  }
  if (readNumber(header, 'llama.expert_count', 0) !== 0) throw modelUnsupported('it has experts')
  const biased = [...header.tensors.keys()].find((name) => name.endsWith('.bias'))
  if (biased !== undefined) throw modelUnsupported(`it has biases (${biased})`)
}

function readShape(header: GgufHeader): ModelShape {
  const dim = readNumber(header, 'llama.embedding_length')
  const heads = readNumber(header, 'llama.attention.head_count')
  const headDim = readNumber(header, 'llama.attention.key_length', dim / heads)
  const shape = checkShape({
    dim,
    hidden: readNumber(header, 'llama.feed_forward_length'),
    layers: readNumber(header, 'llama.block_count'),
    heads,
    kvHeads: readNumber(header, 'llama.attention.head_count_kv', heads),
    headDim,
    vocab: vocabOf(header),
    context: readNumber(header, 'llama.context_length'),
    tied: !header.tensors.has('output.weight'),
    epsilon: readNumber(header, 'llama.attention.layer_norm_rms_epsilon'),
    ropeBase: readNumber(header, 'llama.rope.freq_base', 10_000),
  })
  const valueDim = readNumber(header, 'llama.attention.value_length', headDim)
  const turned = readNumber(header, 'llama.rope.dimension_count', headDim)
  if (valueDim !== headDim || turned !== headDim) {
    throw modelUnsupported(`heads of ${headDim} with values of ${valueDim}, ${turned} of it turned`)
  }
  return shape
}

/** Finds a tensor and checks its shape, format and place. */
function partFinder(header: GgufHeader, fileBytes: number) {
  return (name: string, rows: number, cols: number): TensorPart => {
    const tensor = header.tensors.get(name)
    if (tensor === undefined) throw tensorInvalid(name, 'is missing')
    const format = formats[tensor.type]
    if (format === undefined) {
      const known = Object.values(formats).join(', ').toUpperCase()
      throw modelUnsupported(`tensor ${name} has ggml type ${tensor.type}, none of ${known}`)
    }
    const [actualCols = 0, actualRows = 1, ...more] = tensor.sizes
    if (actualCols !== cols || actualRows !== rows || more.some((size) => size !== 1)) {
      throw tensorInvalid(name, `is ${tensor.sizes.join(' x ')}, must be ${cols} x ${rows}`)
    }
    const { weights } = formatBlocks[format]
    if (cols % weights !== 0) {
      throw tensorInvalid(name, `has ${cols} columns, which are no whole blocks of ${weights}`)
    }
    const part: TensorPart = { name, format, rows, cols, offset: tensor.offset }
    const end = part.offset + partBytes(part)
    if (end > fileBytes) throw modelTruncated(end, fileBytes)
    return part
  }
}

/**
 * The layout of a Llama model in a GGUF file of `fileBytes`. Throws `model-unsupported`, `model-
 * invalid`, `tensor-invalid` or `model-truncated`.
 */
export function readGgufModel(header: GgufHeader, fileBytes: number): ModelLayout {
  refuseVariants(header)
  const shape = readShape(header)
  const { dim, hidden, layers, heads, kvHeads, headDim, vocab } = shape
  const find = partFinder(header, fileBytes)
  const embedding = find('token_embd.weight', vocab, dim)
  return {
    shape,
    embedding,
    layers: Array.from({ length: layers }, (_, i) => {
      const part = (name: string, rows: number, cols: number) =>
        find(`blk.${i}.${name}.weight`, rows, cols)
      return {
        attentionNorm: part('attn_norm', 1, dim),
        query: part('attn_q', heads * headDim, dim),
        key: part('attn_k', kvHeads * headDim, dim),
        value: part('attn_v', kvHeads * headDim, dim),
        attentionOutput: part('attn_output', dim, heads * headDim),
        feedForwardNorm: part('ffn_norm', 1, dim),
        gate: part('ffn_gate', hidden, dim),
        up: part('ffn_up', hidden, dim),
        down: part('ffn_down', dim, hidden),
      }
    }),
    finalNorm: find('output_norm.weight', 1, dim),
    head: shape.tied ? embedding : find('output.weight', vocab, dim),
  }
}
