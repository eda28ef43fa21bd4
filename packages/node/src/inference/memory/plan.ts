import type { ModelLayout, ModelShape, TensorPart } from '@heddle/protocol/model'
import { contextExceeded, modelTooLarge } from '../errors.ts'
import { type InferenceOptions, memoryBytesLimit } from '../options.ts'

export type LayerAddresses = Readonly<Record<keyof ModelLayout['layers'][number], number>>

/** Addresses in the one memory of a model, bytes. Weights and caches are at its end. */
export type MemoryPlan = {
  readonly shape: ModelShape
  readonly context: number
  readonly batch: number
  /** 0 for f32. */
  readonly group: number
  readonly model: number
  readonly layerRecords: number
  readonly frequencies: number
  readonly tokens: number
  readonly x: number
  readonly normal: number
  readonly query: number
  readonly gate: number
  readonly up: number
  readonly turns: number
  readonly whole: number
  readonly wholeScales: number
  readonly scores: number
  readonly logits: number
  /** Raw bytes of a few rows on their way in, the same rows as f32, and one row being quantised. */
  readonly staging: number
  readonly stagedBytes: number
  readonly widened: number
  readonly rowScratch: number
  readonly embedding: number
  readonly finalNorm: number
  readonly head: number
  readonly layers: readonly LayerAddresses[]
  readonly caches: number
  readonly cacheBytes: number
  readonly totalBytes: number
}

const stagedBytesLeast = 2 ** 20

function paddedTo(count: number, step: number): number {
  return Math.ceil(count / step) * step
}

/** Bytes of a matrix as the kernels want it: f32 rows, or quads of rows with their scales. */
function matrixBytes(rows: number, cols: number, group: number): number {
  if (group === 0) return rows * cols * 4
  return Math.ceil(rows / 4) * Math.ceil(cols / group) * (16 + 4 * group)
}

/** Hands out room, one piece after another, each on a line of its own. */
function roomFrom(start: number) {
  let next = start
  const take = (bytes: number): number => {
    const at = next
    next = paddedTo(next + bytes, 64)
    return at
  }
  return { take, end: () => next }
}

function takeScratch(shape: ModelShape, group: number, batch: number, take: (n: number) => number) {
  const { dim, hidden, heads, headDim, vocab } = shape
  const queryDim = heads * headDim
  const widest = Math.max(dim, queryDim, hidden)
  const step = group === 0 ? 1 : group
  return {
    tokens: take(batch * 4),
    x: take(batch * dim * 4),
    normal: take(batch * Math.max(dim, queryDim) * 4),
    query: take(batch * queryDim * 4),
    gate: take(batch * Math.max(dim, hidden) * 4),
    up: take(batch * hidden * 4),
    turns: take(batch * headDim * 4),
    whole: take(group === 0 ? 0 : batch * paddedTo(widest, step) * 2),
    wholeScales: take(group === 0 ? 0 : batch * Math.ceil(widest / step) * 8),
    logits: take(paddedTo(vocab, 4) * 4),
  }
}

function takeStaging(shape: ModelShape, group: number, take: (n: number) => number) {
  const widest = Math.max(shape.dim, shape.heads * shape.headDim, shape.hidden)
  const stagedBytes = Math.max(stagedBytesLeast, widest * 4)
  const padded = group === 0 ? 0 : paddedTo(widest, group)
  return {
    stagedBytes,
    staging: take(stagedBytes),
    // No more weights are staged at once than bytes.
    widened: take(stagedBytes * 4),
    rowScratch: take(padded * 4),
  }
}

/** Room for all of a model. Throws `model-too-large` before anything is allocated. */
export function planMemory(layout: ModelLayout, options: InferenceOptions): MemoryPlan {
  const { shape } = layout
  const context = options.contextTokens === 0 ? shape.context : options.contextTokens
  if (context > shape.context) throw contextExceeded(context, shape.context)
  const group = options.precision === 'f32' ? 0 : options.group
  const batch = options.batchTokens
  const { take, end } = roomFrom(1024)
  const matrix = ({ rows, cols }: TensorPart) => take(matrixBytes(rows, cols, group))
  const vector = ({ cols }: TensorPart) => take(cols * 4)
  const records = {
    model: take(256),
    layerRecords: take(shape.layers * 64),
    frequencies: take(shape.headDim * 4),
    scores: take((context + 4) * 4),
  }
  const scratch = takeScratch(shape, group, batch, take)
  const staging = takeStaging(shape, group, take)
  const embedding = matrix(layout.embedding)
  const layers = layout.layers.map((layer) => ({
    attentionNorm: vector(layer.attentionNorm),
    query: matrix(layer.query),
    key: matrix(layer.key),
    value: matrix(layer.value),
    attentionOutput: matrix(layer.attentionOutput),
    feedForwardNorm: vector(layer.feedForwardNorm),
    gate: matrix(layer.gate),
    up: matrix(layer.up),
    down: matrix(layer.down),
  }))
  const finalNorm = vector(layout.finalNorm)
  const head = shape.tied ? embedding : matrix(layout.head)
  const cacheBytes = shape.layers * 2 * context * shape.kvHeads * shape.headDim * 4
  const caches = take(cacheBytes * options.sessionsMax)
  const totalBytes = paddedTo(end(), 65_536)
  const allowed = Math.min(options.memoryBytesMax, memoryBytesLimit)
  if (totalBytes > allowed) throw modelTooLarge(totalBytes, allowed)
  const rest = { embedding, finalNorm, head, layers, caches, cacheBytes, totalBytes }
  return { shape, context, batch, group, ...records, ...scratch, ...staging, ...rest }
}
