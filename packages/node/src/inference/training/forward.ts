import type { Arena, LayerTrace, LayerWeights } from './arena.ts'
import type { Kernels } from './kernels.ts'

/** Examples of a batch and the positions each has: its longest, rounded up. */
export type Extent = { readonly examples: number; readonly length: number }

/** Shares are of scores over the root of a head's size. */
export function scoreScale(headDim: number): number {
  return Math.fround(1 / Math.fround(Math.sqrt(headDim)))
}

/** y = x · W^T, W having `outs` rows of `ins`. */
function multiply(
  kernels: Kernels,
  { transposed }: Arena,
  [y, x, w]: readonly [y: number, x: number, w: number],
  [rows, outs, ins]: readonly [rows: number, outs: number, ins: number],
): void {
  kernels.transpose(transposed, w, ins, outs, ins)
  kernels.product(y, outs, false, x, ins, 1, transposed, outs, rows, outs, ins)
}

/** The logits of every position, and what the way back needs, into the arena. */
export function forward(kernels: Kernels, arena: Arena, extent: Extent): void {
  const { weights, traces, output, tokens } = arena
  const { dim, layers, vocab } = arena.shape
  const rows = extent.examples * extent.length
  kernels.embed(traces[0]?.input ?? output, weights.embedding, tokens, rows, dim)
  for (let i = 0; i < layers; i++) {
    const [trace, layer] = [traces[i], weights.layers[i]]
    if (trace === undefined || layer === undefined) throw new RangeError(`no layer ${i}`)
    attend(kernels, arena, trace, layer, extent)
    feedForward(kernels, arena, trace, layer, rows, traces[i + 1]?.input ?? output)
  }
  const { outputNormal, outputInverse, logits } = arena
  kernels.normalize(outputNormal, outputInverse, output, weights.finalNorm, rows, dim)
  multiply(kernels, arena, [logits, outputNormal, weights.embedding], [rows, vocab, dim])
}

function attend(
  kernels: Kernels,
  arena: Arena,
  trace: LayerTrace,
  layer: LayerWeights,
  extent: Extent,
): void {
  const { examples, length } = extent
  const { dim, headDim } = arena.shape
  const rows = examples * length
  const { input, normal, inverse, query, key, value, mixed, middle } = trace
  kernels.normalize(normal, inverse, input, layer.attentionNorm, rows, dim)
  multiply(kernels, arena, [query, normal, layer.query], [rows, dim, dim])
  multiply(kernels, arena, [key, normal, layer.key], [rows, dim, dim])
  multiply(kernels, arena, [value, normal, layer.value], [rows, dim, dim])
  kernels.rotate(query, arena.turns, rows, length, dim, headDim, 1)
  kernels.rotate(key, arena.turns, rows, length, dim, headDim, 1)
  for (const { at, shares } of eachHead(arena, trace, extent)) {
    kernels.transpose(arena.transposed, key + at, dim, length, headDim)
    kernels.product(
      shares,
      length,
      false,
      query + at,
      dim,
      1,
      arena.transposed,
      length,
      length,
      length,
      headDim,
    )
    kernels.softmaxCausal(shares, length, scoreScale(headDim))
    kernels.product(
      mixed + at,
      dim,
      false,
      shares,
      length,
      1,
      value + at,
      dim,
      length,
      headDim,
      length,
    )
  }
  multiply(kernels, arena, [middle, mixed, layer.attentionOutput], [rows, dim, dim])
  kernels.add(middle, input, rows * dim)
}

function feedForward(
  kernels: Kernels,
  arena: Arena,
  trace: LayerTrace,
  layer: LayerWeights,
  rows: number,
  out: number,
): void {
  const { dim, hidden } = arena.shape
  const { middle, innerNormal, innerInverse, gate, up, active } = trace
  kernels.normalize(innerNormal, innerInverse, middle, layer.feedForwardNorm, rows, dim)
  multiply(kernels, arena, [gate, innerNormal, layer.gate], [rows, hidden, dim])
  multiply(kernels, arena, [up, innerNormal, layer.up], [rows, hidden, dim])
  kernels.gateUp(active, gate, up, rows * hidden)
  multiply(kernels, arena, [out, active, layer.down], [rows, dim, hidden])
  kernels.add(out, middle, rows * dim)
}

/** Byte offset of each head's first column in each example, and where its shares lie. */
export function* eachHead({ shape }: Arena, { shares }: LayerTrace, extent: Extent) {
  const { dim, heads, headDim } = shape
  const { examples, length } = extent
  for (let example = 0; example < examples; example++) {
    for (let head = 0; head < heads; head++) {
      yield {
        at: (example * length * dim + head * headDim) * 4,
        shares: shares + (example * heads + head) * length * length * 4,
      }
    }
  }
}
