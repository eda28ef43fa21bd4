// The ends of a step: tokens to vectors, logits to loss, gradients to new weights.
import { exp } from '../../inference/assembly/functions'

// @ts-ignore: decorator
@inline
function at(base: usize, index: u32): usize {
  return base + (<usize>index << 2)
}

/** x[row] = embedding[tokens[row]]. */
export function embed(x: usize, embedding: usize, tokens: usize, rows: u32, dim: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    const from = at(embedding, load<u32>(at(tokens, row)) * dim)
    memory.copy(at(x, row * dim), from, <usize>dim << 2)
  }
}

/** Adds each row of dx to its token's gradient, in order of rows. */
export function embedBack(dEmbedding: usize, dx: usize, tokens: usize, rows: u32, dim: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    add(at(dEmbedding, load<u32>(at(tokens, row)) * dim), at(dx, row * dim), dim)
  }
}

/** y += x; `count` is a multiple of 4. */
export function add(y: usize, x: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i += 4) {
    v128.store(at(y, i), f32x4.add(v128.load(at(y, i)), v128.load(at(x, i))))
  }
}

/**
 * The logits of each row become the change of the mean loss; `weight` is 1 / answers counted. Rows
 * whose target is below 0 count for nothing. For the loss itself, ln(sum) - margin, `sums` gets the
 * sum of e^(logit - largest) of each row and `margins` the target's logit less the largest.
 */
export function lossBack(
  logits: usize, targets: usize, sums: usize, margins: usize, rows: u32, vocab: u32, weight: f32,
): void {
  for (let row: u32 = 0; row < rows; row++) {
    const target = load<i32>(at(targets, row))
    if (target < 0) {
      memory.fill(logits, 0, <usize>vocab << 2)
      store<f32>(at(sums, row), 1)
      store<f32>(at(margins, row), 0)
    } else {
      let most = load<f32>(logits)
      for (let i: u32 = 1; i < vocab; i++) most = max<f32>(most, load<f32>(at(logits, i)))
      store<f32>(at(margins, row), load<f32>(at(logits, <u32>target)) - most)
      let sum: f32 = 0
      for (let i: u32 = 0; i < vocab; i++) {
        const power = exp(f64x2.splat(<f64>(load<f32>(at(logits, i)) - most)))
        const e = <f32>f64x2.extract_lane(power, 0)
        store<f32>(at(logits, i), e)
        sum += e
      }
      store<f32>(at(sums, row), sum)
      const share = weight / sum
      for (let i: u32 = 0; i < vocab; i++) {
        store<f32>(at(logits, i), load<f32>(at(logits, i)) * share)
      }
      const own = at(logits, <u32>target)
      store<f32>(own, load<f32>(own) - weight)
    }
    logits = at(logits, vocab)
  }
}

/** The sum of squares, in f64 and in order. */
export function squares(x: usize, count: u32): f64 {
  let sum: f64 = 0
  for (let i: u32 = 0; i < count; i++) {
    const value = <f64>load<f32>(at(x, i))
    sum += value * value
  }
  return sum
}

/**
 * One step of Adam (Kingma and Ba 2015) with gradients times `clip`; `rise1` and `rise2` undo the
 * bias of the first steps, beta 0.9 and 0.99.
 */
export function adam(
  w: usize, g: usize, m: usize, v: usize, count: u32, rate: f32, clip: f32, rise1: f32, rise2: f32,
): void {
  for (let i: u32 = 0; i < count; i++) {
    const d = load<f32>(at(g, i)) * clip
    const mean: f32 = <f32>0.9 * load<f32>(at(m, i)) + <f32>0.1 * d
    const square: f32 = <f32>0.99 * load<f32>(at(v, i)) + <f32>0.01 * (d * d)
    store<f32>(at(m, i), mean)
    store<f32>(at(v, i), square)
    const step: f32 = (mean * rise1) / (sqrt<f32>(square * rise2) + <f32>1e-8)
    store<f32>(at(w, i), load<f32>(at(w, i)) - rate * step)
  }
}
