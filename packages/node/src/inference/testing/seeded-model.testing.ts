import { checkShape, type ModelShape, uniformAt } from '@heddle/protocol/model'

/** Sizes of a model to make; the rest follows from them. */
export type SeededShape = Pick<
  ModelShape,
  'dim' | 'hidden' | 'layers' | 'heads' | 'kvHeads' | 'vocab' | 'context' | 'tied'
>

/**
 * A quick generator for millions of weights (xorshift, 32 bits), started from the counter's chance.
 */
function weightStream(seed: number, deviation: number): () => number {
  let state = Math.floor(uniformAt(seed, 0) * 2 ** 32) | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return ((state >>> 0) / 2 ** 31 - 1) * deviation
  }
}

/**
 * The bytes of a llama2.c checkpoint of this shape with weights from `seed`: noise, but always the
 * same.
 */
export function seededCheckpoint(sizes: SeededShape, seed: number): Uint8Array {
  const headDim = sizes.dim / sizes.heads
  const shape = checkShape({ ...sizes, headDim, epsilon: 1e-5, ropeBase: 10_000 })
  const { dim, hidden, layers, heads, kvHeads, vocab, context, tied } = shape
  const perLayer = 2 * dim * (heads + kvHeads) * headDim + 3 * dim * hidden
  const weights = vocab * dim + layers * (perLayer + 2 * dim) + dim
  const floats = weights + context * headDim + (tied ? 0 : vocab * dim)
  const bytes = new Uint8Array(28 + floats * 4)
  const signedVocab = tied ? vocab : -vocab
  new Int32Array(bytes.buffer, 0, 7).set([
    dim,
    hidden,
    layers,
    heads,
    kvHeads,
    signedVocab,
    context,
  ])
  const all = new Float32Array(bytes.buffer, 28)
  const next = weightStream(seed, 1.7 / Math.sqrt(dim))
  for (let i = 0; i < all.length; i++) all[i] = next()
  // Norm weights near 1, as trained ones are.
  const norms = (start: number, count: number) => {
    for (let i = start; i < start + count; i++) all[i] = 1 + (all[i] ?? 0) / 4
  }
  const attentionNorms = vocab * dim
  const attentionWeights = layers * 2 * dim * (heads + kvHeads) * headDim
  norms(attentionNorms, layers * dim)
  norms(attentionNorms + layers * dim + attentionWeights, layers * dim)
  norms(weights - dim, dim)
  return bytes
}

/** A tokenizer for seeded models: token n is the number n and a space. */
export function seededTokenizer(vocab: number) {
  return {
    vocab,
    begin: undefined,
    ends: new Set<number>(),
    tokenBytesMax: 2 ** 20,
    encode: (text: string) => text.split(' ').filter(Boolean).map(Number),
    bytesOf: (token: number) => new TextEncoder().encode(`${token} `),
    tokenOf: (piece: string) => Number(piece),
  }
}
