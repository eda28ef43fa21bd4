import { type ModelLayout, partBytes, type TensorPart } from '@heddle/protocol/model'

/** A metadata value as GGUF types it. Lists of numbers say their type. */
export type FileValue =
  | { readonly u32: number }
  | { readonly f32: number }
  | { readonly bool: boolean }
  | { readonly text: string }
  | { readonly texts: readonly string[] }
  | { readonly i32s: readonly number[] }
  | { readonly f32s: readonly number[] }

export type FileFormat = 'f32' | 'f16' | 'q8_0' | 'q4_0' | 'q4_k' | 'q6_k'

const formatNumbers = { f32: 0, f16: 1, q4_0: 2, q8_0: 8, q4_k: 12, q6_k: 14 } as const

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

function f32s(values: readonly number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer)
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([u64(bytes.length), bytes])
}

function valueBytes(value: FileValue): Buffer {
  if ('u32' in value) return Buffer.concat([u32(4), u32(value.u32)])
  if ('f32' in value) return Buffer.concat([u32(6), f32s([value.f32])])
  if ('bool' in value) return Buffer.concat([u32(7), Buffer.of(value.bool ? 1 : 0)])
  if ('text' in value) return Buffer.concat([u32(8), text(value.text)])
  if ('texts' in value) {
    const texts = value.texts
    return Buffer.concat([u32(9), u32(8), u64(texts.length), ...texts.map(text)])
  }
  if ('i32s' in value) {
    const data = Buffer.from(Int32Array.from(value.i32s).buffer)
    return Buffer.concat([u32(9), u32(5), u64(value.i32s.length), data])
  }
  return Buffer.concat([u32(9), u32(6), u64(value.f32s.length), f32s(value.f32s)])
}

/** The nearest half of an f32, ties to even, for values a half can hold. */
function toHalf(value: number): number {
  const size = Math.abs(value)
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  if (size === 0) return sign
  const exponent = Math.max(-14, Math.floor(Math.log2(size)))
  const scaled = size / 2 ** (exponent - 10)
  let whole = Math.floor(scaled)
  const rest = scaled - whole
  if (rest > 0.5 || (rest === 0.5 && whole % 2 === 1)) whole += 1
  // Carries run over into the exponent as they should.
  return sign + (exponent + 14) * 1024 + whole
}

function halves(weights: Float32Array): Buffer {
  return Buffer.from(Uint16Array.from(weights, toHalf).buffer)
}

function blocks(weights: Float32Array): Buffer {
  const bytes = Buffer.alloc((weights.length / 32) * 34)
  for (let block = 0; block * 32 < weights.length; block++) {
    const part = weights.subarray(block * 32, block * 32 + 32)
    let most = 0
    for (const weight of part) most = Math.max(most, Math.abs(weight))
    const scale = most / 127
    bytes.writeUInt16LE(toHalf(scale), block * 34)
    for (let i = 0; i < 32; i++) {
      const value = scale === 0 ? 0 : Math.round((part[i] ?? 0) / scale)
      bytes.writeInt8(value, block * 34 + 2 + i)
    }
  }
  return bytes
}

/** Q4_0: scale = the value of largest size / -8, nibble i and i + 16 in one byte. */
function nibbles(weights: Float32Array): Buffer {
  const bytes = Buffer.alloc((weights.length / 32) * 18)
  for (let block = 0; block * 32 < weights.length; block++) {
    const part = weights.subarray(block * 32, block * 32 + 32)
    const largest = part.reduce((most, w) => (Math.abs(w) > Math.abs(most) ? w : most), 0)
    const scale = largest / -8
    bytes.writeUInt16LE(toHalf(scale), block * 18)
    const nibble = (weight = 0) =>
      scale === 0 ? 8 : Math.max(0, Math.min(15, Math.floor(weight / scale + 8.5)))
    for (let i = 0; i < 16; i++) {
      bytes[block * 18 + 2 + i] = nibble(part[i]) + 16 * nibble(part[i + 16])
    }
  }
  return bytes
}

/**
 * Blocks of 256 weights whose bytes are any: these formats give every pattern a meaning. Only their halves are
 * kept small, so that the weights are ones that a model could have.
 */
function anyBlocks(count: number, format: 'q4_k' | 'q6_k'): Buffer {
  const { bytes, halves: sizes } = anyFormats[format]
  const all = Buffer.alloc((count / 256) * bytes)
  let state = count
  for (let at = 0; at < all.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    all[at] = state >>> 24
  }
  for (let block = 0; block < all.length; block += bytes) {
    for (const [at, size] of sizes) {
      all.writeUInt16LE(toHalf(size * (2 ** -14 + (block % 1024) * 2 ** -22)), block + at)
    }
  }
  return all
}

const anyFormats = {
  // Where halves are, and how large: the offsets take away what the nibbles are too large on average.
  q4_k: {
    bytes: 144,
    halves: [
      [0, 1],
      [2, 7.5],
    ],
  },
  q6_k: { bytes: 210, halves: [[208, 1]] },
} as const

function convert(weights: Float32Array, format: FileFormat): Buffer {
  if (format === 'q4_0') return nibbles(weights)
  if (format === 'q4_k' || format === 'q6_k') return anyBlocks(weights.length, format)
  if (format === 'f16') return halves(weights)
  if (format === 'q8_0') return blocks(weights)
  return Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength)
}

const layerNames = {
  attentionNorm: 'attn_norm',
  query: 'attn_q',
  key: 'attn_k',
  value: 'attn_v',
  attentionOutput: 'attn_output',
  feedForwardNorm: 'ffn_norm',
  gate: 'ffn_gate',
  up: 'ffn_up',
  down: 'ffn_down',
} as const

function namedParts(layout: ModelLayout): [string, TensorPart][] {
  const named: [string, TensorPart][] = [['token_embd.weight', layout.embedding]]
  layout.layers.forEach((layer, i) => {
    for (const key of Object.keys(layerNames) as (keyof typeof layerNames)[]) {
      named.push([`blk.${i}.${layerNames[key]}.weight`, layer[key]])
    }
  })
  named.push(['output_norm.weight', layout.finalNorm])
  if (!layout.shape.tied) named.push(['output.weight', layout.head])
  return named
}

function shapeValues({ shape }: ModelLayout): Record<string, FileValue> {
  return {
    'general.architecture': { text: 'llama' },
    'llama.embedding_length': { u32: shape.dim },
    'llama.feed_forward_length': { u32: shape.hidden },
    'llama.block_count': { u32: shape.layers },
    'llama.attention.head_count': { u32: shape.heads },
    'llama.attention.head_count_kv': { u32: shape.kvHeads },
    'llama.context_length': { u32: shape.context },
    'llama.rope.dimension_count': { u32: shape.headDim },
    'llama.attention.layer_norm_rms_epsilon': { f32: shape.epsilon },
    'llama.rope.freq_base': { f32: shape.ropeBase },
    'llama.vocab_size': { u32: shape.vocab },
  }
}

/**
 * A SentencePiece vocabulary of this size with every byte and some letters: enough to load a model.
 */
export function plainVocabulary(vocab: number): Record<string, FileValue> {
  const tokens = Array.from({ length: vocab }, (_, token) => {
    if (token < 3) return ['<unk>', '<s>', '</s>'][token] ?? ''
    const byte = token - 3
    if (byte < 256) return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
    return token === 259 ? '\u2581' : `w${token}`
  })
  return {
    'tokenizer.ggml.model': { text: 'llama' },
    'tokenizer.ggml.tokens': { texts: tokens },
    'tokenizer.ggml.scores': { f32s: tokens.map((_, token) => -token) },
    'tokenizer.ggml.token_type': {
      i32s: tokens.map((_, token) => (token < 3 ? (token === 0 ? 2 : 3) : token < 259 ? 6 : 1)),
    },
    'tokenizer.ggml.bos_token_id': { u32: 1 },
    'tokenizer.ggml.eos_token_id': { u32: 2 },
    'tokenizer.ggml.unknown_token_id': { u32: 0 },
  }
}

/**
 * A GGUF version 3 file of a llama2.c checkpoint: the layout that llama.cpp's tools write. Vectors
 * stay f32. `values` adds the tokenizer and may replace what follows from the shape.
 */
export function ggufFile(
  checkpoint: Uint8Array,
  layout: ModelLayout,
  format: FileFormat,
  values: Record<string, FileValue>,
): Uint8Array {
  const metadata = Object.entries({ ...shapeValues(layout), ...values })
  const tensors = namedParts(layout)
  const parts: Buffer[] = []
  const infos: Buffer[] = []
  let offset = 0
  for (const [name, part] of tensors) {
    const start = checkpoint.byteOffset + part.offset
    const weights = new Float32Array(checkpoint.buffer, start, partBytes(part) / 4)
    const used = part.rows === 1 ? 'f32' : format
    const sizes = part.rows === 1 ? [part.cols] : [part.cols, part.rows]
    const place = [u32(formatNumbers[used]), u64(offset)]
    infos.push(text(name), u32(sizes.length), ...sizes.map(u64), ...place)
    const data = convert(weights, used)
    const padding = Buffer.alloc((32 - (data.length % 32)) % 32)
    parts.push(data, padding)
    offset += data.length + padding.length
  }
  const entries = metadata.flatMap(([key, value]) => [text(key), valueBytes(value)])
  const counts = [u32(0x46554747), u32(3), u64(tensors.length), u64(metadata.length)]
  const header = Buffer.concat([...counts, ...entries, ...infos])
  const padding = Buffer.alloc((32 - (header.length % 32)) % 32)
  return new Uint8Array(Buffer.concat([header, padding, ...parts]))
}
