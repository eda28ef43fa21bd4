import type { Arena, LayerTrace, LayerWeights } from './arena.ts'
import { type Extent, eachHead, scoreScale } from './forward.ts'
import type { Kernels } from './kernels.ts'

/** Rows summed at once: what fits the cache. Sums go on where they were, so it changes no bit. */
const rowsAtOnce = 64

/** dW += dy^T · x, rows in order. */
function weigh(
  kernels: Kernels,
  [dw, dy, x]: readonly [dw: number, dy: number, x: number],
  [rows, outs, ins]: readonly [rows: number, outs: number, ins: number],
): void {
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, rows - row)
    const dyAt = dy + row * outs * 4
    kernels.product(dw, ins, true, dyAt, 1, outs, x + row * ins * 4, ins, outs, ins, count)
  }
}

/** dx = dy · W, or dx += dy · W. */
function carry(
  kernels: Kernels,
  [dx, dy, w]: readonly [dx: number, dy: number, w: number],
  [rows, outs, ins]: readonly [rows: number, outs: number, ins: number],
  keep = false,
): void {
  kernels.product(dx, ins, keep, dy, outs, 1, w, ins, rows, ins, outs)
}

/** The gradients of all weights from the change of the logits; they were zero before. */
export function backward(kernels: Kernels, arena: Arena, extent: Extent): void {
  const { weights, gradients, logits, output, outputNormal, outputInverse, dx, dNormal } = arena
  const { dim, layers, vocab } = arena.shape
  const rows = extent.examples * extent.length
  weigh(kernels, [gradients.embedding, logits, outputNormal], [rows, vocab, dim])
  carry(kernels, [dNormal, logits, weights.embedding], [rows, vocab, dim])
  arena.floats(dx, rows * dim).fill(0)
  const { finalNorm } = weights
  kernels.normalizeBack(
    dx,
    gradients.finalNorm,
    dNormal,
    output,
    finalNorm,
    outputInverse,
    rows,
    dim,
  )
  for (let i = layers - 1; i >= 0; i--) {
    const [trace, layer, gradient] = [arena.traces[i], weights.layers[i], gradients.layers[i]]
    if (trace === undefined || layer === undefined || gradient === undefined) {
      throw new RangeError(`no layer ${i}`)
    }
    feedForwardBack(kernels, arena, trace, layer, gradient, rows)
    attendBack(kernels, arena, trace, layer, gradient, extent)
  }
  kernels.embedBack(gradients.embedding, dx, arena.tokens, rows, dim)
}

function feedForwardBack(
  kernels: Kernels,
  { dx, dActive, dNormal, shape }: Arena,
  trace: LayerTrace,
  layer: LayerWeights,
  gradient: LayerWeights,
  rows: number,
): void {
  const { dim, hidden } = shape
  const { middle, innerNormal, innerInverse, gate, up, active } = trace
  weigh(kernels, [gradient.down, dx, active], [rows, dim, hidden])
  carry(kernels, [dActive, dx, layer.down], [rows, dim, hidden])
  kernels.gateUpBack(gate, up, dActive, rows * hidden)
  weigh(kernels, [gradient.gate, gate, innerNormal], [rows, hidden, dim])
  weigh(kernels, [gradient.up, up, innerNormal], [rows, hidden, dim])
  carry(kernels, [dNormal, gate, layer.gate], [rows, hidden, dim])
  carry(kernels, [dNormal, up, layer.up], [rows, hidden, dim], true)
  const norm = layer.feedForwardNorm
  kernels.normalizeBack(
    dx,
    gradient.feedForwardNorm,
    dNormal,
    middle,
    norm,
    innerInverse,
    rows,
    dim,
  )
}

function attendBack(
  kernels: Kernels,
  arena: Arena,
  trace: LayerTrace,
  layer: LayerWeights,
  gradient: LayerWeights,
  extent: Extent,
): void {
  const { dx, dNormal, dMixed, dQuery, dKey, dValue, turns } = arena
  const { dim, headDim } = arena.shape
  const { length } = extent
  const rows = extent.examples * length
  const square = [rows, dim, dim] as const
  weigh(kernels, [gradient.attentionOutput, dx, trace.mixed], square)
  carry(kernels, [dMixed, dx, layer.attentionOutput], square)
  mixBack(kernels, arena, trace, extent)
  kernels.rotate(dQuery, turns, rows, length, dim, headDim, -1)
  kernels.rotate(dKey, turns, rows, length, dim, headDim, -1)
  weigh(kernels, [gradient.query, dQuery, trace.normal], square)
  weigh(kernels, [gradient.key, dKey, trace.normal], square)
  weigh(kernels, [gradient.value, dValue, trace.normal], square)
  carry(kernels, [dNormal, dQuery, layer.query], square)
  carry(kernels, [dNormal, dKey, layer.key], square, true)
  carry(kernels, [dNormal, dValue, layer.value], square, true)
  const norm = layer.attentionNorm
  kernels.normalizeBack(
    dx,
    gradient.attentionNorm,
    dNormal,
    trace.input,
    norm,
    trace.inverse,
    rows,
    dim,
  )
}

/** From the mixed values back to queries, keys and values, head by head. */
function mixBack(kernels: Kernels, arena: Arena, trace: LayerTrace, extent: Extent): void {
  const { dMixed, dQuery, dKey, dValue, dShares, transposed } = arena
  const { dim, headDim } = arena.shape
  const { query, key, value } = trace
  const { length } = extent
  for (const { at, shares } of eachHead(arena, trace, extent)) {
    kernels.transpose(transposed, value + at, dim, length, headDim)
    kernels.product(
      dShares,
      length,
      false,
      dMixed + at,
      dim,
      1,
      transposed,
      length,
      length,
      length,
      headDim,
    )
    kernels.product(
      dValue + at,
      dim,
      false,
      shares,
      1,
      length,
      dMixed + at,
      dim,
      length,
      headDim,
      length,
    )
    kernels.softmaxBack(dShares, shares, length, scoreScale(headDim))
    kernels.product(
      dQuery + at,
      dim,
      false,
      dShares,
      length,
      1,
      key + at,
      dim,
      length,
      headDim,
      length,
    )
    kernels.product(
      dKey + at,
      dim,
      false,
      dShares,
      1,
      length,
      query + at,
      dim,
      length,
      headDim,
      length,
    )
  }
}
