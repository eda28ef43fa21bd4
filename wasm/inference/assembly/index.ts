import { multiplyFloat } from './float'
import { writeCosineSine } from './functions'
import { activate, addTo, attend, normalize, rotate } from './layer'
import { Layer, Model } from './model'
import { quantizeVector, readRow } from './quantize'
import { multiplyWhole, vectorScaleBytes } from './whole'

export { checkWeights, packQuantized, quantizeRows, widenHalf, widenQuantized } from './load'
export { packNibbles, widenFour, widenNibbles, widenSix } from './small-weights'

function paddedTo(cols: i32, group: i32): i32 {
  return ((cols + group - 1) / group) * group
}

/** Makes `tokens` vectors ready for `multiply`. f32 weights take them as they are. */
function prepare(model: Model, x: usize, cols: i32, tokens: i32): void {
  const group = model.group
  if (group == 0) return
  const padded = paddedTo(cols, group)
  const scales = <usize>(padded / group) * vectorScaleBytes
  for (let token = 0; token < tokens; token++) {
    const to = model.whole + ((<usize>token * <usize>padded) << 1)
    const toScales = model.wholeScales + <usize>token * scales
    quantizeVector(to, toScales, x + ((<usize>token * <usize>cols) << 2), cols, padded, group)
  }
}

/** out[t] = `w` times the vector t that was prepared; vectors of `out` are `outCols` f32 apart. */
function multiply(
  model: Model,
  out: usize,
  outCols: i32,
  w: usize,
  rows: i32,
  x: usize,
  cols: i32,
  tokens: i32,
): void {
  const stride = <usize>outCols << 2
  const group = model.group
  if (group == 0) return multiplyFloat(out, stride, w, rows, x, cols, tokens)
  const quads = (rows + 3) >> 2
  const padded = paddedTo(cols, group)
  multiplyWhole(out, stride, w, quads, model.whole, model.wholeScales, padded, group, tokens)
}

function embed(model: Model, tokens: usize, count: i32): void {
  const bytes = <usize>model.dim << 2
  const group = model.group
  for (let i = 0; i < count; i++) {
    const token = load<i32>(tokens + (<usize>i << 2))
    const to = model.x + <usize>i * bytes
    if (group == 0) memory.copy(to, model.embedding + <usize>token * bytes, bytes)
    else readRow(to, model.embedding, token, model.dim, paddedTo(model.dim, group), group)
  }
}

/** Angles are position * frequency in f64. */
function writeTurns(model: Model, count: i32, position: i32): void {
  const pairs = model.headDim >> 1
  let to = model.turns
  for (let i = 0; i < count; i++) {
    for (let pair = 0; pair < pairs; pair++) {
      const frequency = load<f64>(model.frequencies + (<usize>pair << 3))
      writeCosineSine(<f64>(position + i) * frequency, to)
      to += 8
    }
  }
}

function normalizeAll(model: Model, weight: usize, count: i32): void {
  const bytes = <usize>model.dim << 2
  for (let i = 0; i < count; i++) {
    const at = <usize>i * bytes
    normalize(model.normal + at, model.x + at, weight, model.dim, model.epsilon)
  }
}

function attention(model: Model, layer: Layer, keys: usize, count: i32, position: i32): void {
  const dim = model.dim
  const queryDim = model.heads * model.headDim
  const kvDim = model.kvHeads * model.headDim
  const kvBytes = <usize>kvDim << 2
  const values = keys + <usize>model.context * kvBytes
  const newKeys = keys + <usize>position * kvBytes
  const newValues = values + <usize>position * kvBytes
  normalizeAll(model, layer.attentionNorm, count)
  prepare(model, model.normal, dim, count)
  multiply(model, model.query, queryDim, layer.query, queryDim, model.normal, dim, count)
  multiply(model, newKeys, kvDim, layer.key, kvDim, model.normal, dim, count)
  multiply(model, newValues, kvDim, layer.value, kvDim, model.normal, dim, count)
  const queryBytes = <usize>queryDim << 2
  const turnBytes = <usize>model.headDim << 2
  for (let i = 0; i < count; i++) {
    const turns = model.turns + <usize>i * turnBytes
    rotate(model.query + <usize>i * queryBytes, turns, model.heads, model.headDim)
    rotate(newKeys + <usize>i * kvBytes, turns, model.kvHeads, model.headDim)
  }
  for (let i = 0; i < count; i++) {
    attend(
      model.normal + <usize>i * queryBytes,
      model.query + <usize>i * queryBytes,
      keys,
      values,
      model.scores,
      position + i,
      model.heads,
      model.kvHeads,
      model.headDim,
    )
  }
  prepare(model, model.normal, queryDim, count)
  multiply(model, model.gate, dim, layer.attentionOutput, dim, model.normal, queryDim, count)
  addTo(model.x, model.gate, dim * count)
}

function feedForward(model: Model, layer: Layer, count: i32): void {
  const dim = model.dim
  const hidden = model.hidden
  normalizeAll(model, layer.feedForwardNorm, count)
  prepare(model, model.normal, dim, count)
  multiply(model, model.gate, hidden, layer.gate, hidden, model.normal, dim, count)
  multiply(model, model.up, hidden, layer.up, hidden, model.normal, dim, count)
  activate(model.gate, model.up, hidden * count)
  prepare(model, model.gate, hidden, count)
  multiply(model, model.normal, dim, layer.down, dim, model.gate, hidden, count)
  addTo(model.x, model.normal, dim * count)
}

/**
 * Takes `count` tokens (i32 at `tokens`) at positions `position` onwards. `cache` holds the keys
 * and then the values of each layer for every position before. With `wanted`, leaves the logits of
 * the last token. The host has checked tokens, positions and room.
 */
export function forward(
  model: Model,
  tokens: usize,
  count: i32,
  position: i32,
  cache: usize,
  wanted: bool,
): void {
  const kvBytes = <usize>(model.kvHeads * model.headDim) << 2
  embed(model, tokens, count)
  writeTurns(model, count, position)
  let record = model.layerRecords
  for (let i = 0; i < model.layers; i++) {
    const layer = changetype<Layer>(record)
    attention(model, layer, cache, count, position)
    feedForward(model, layer, count)
    cache += (<usize>model.context * kvBytes) << 1
    record += offsetof<Layer>()
  }
  if (!wanted) return
  const dim = model.dim
  const last = model.x + ((<usize>(count - 1) * <usize>dim) << 2)
  normalize(model.normal, last, model.finalNorm, dim, model.epsilon)
  prepare(model, model.normal, dim, 1)
  multiply(model, model.logits, model.vocab, model.head, model.vocab, model.normal, dim, 1)
}
