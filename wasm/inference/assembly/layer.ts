// What a layer does apart from its matrices, in f32, with e^x and the sums around it in f64.
import { dot } from './float'
import { exp } from './functions'

/** out = weight * (x / sqrt(mean of x^2 + epsilon)). */
export function normalize(out: usize, x: usize, weight: usize, count: i32, epsilon: f32): void {
  const inverse = f32x4.splat(<f32>1 / sqrt<f32>(dot(x, x, count) / <f32>count + epsilon))
  const end = x + (<usize>count << 2)
  while (x < end) {
    v128.store(out, f32x4.mul(v128.load(weight), f32x4.mul(inverse, v128.load(x))))
    out += 16
    x += 16
    weight += 16
  }
}

/** x += y. */
export function addTo(x: usize, y: usize, count: i32): void {
  const end = x + (<usize>count << 2)
  while (x < end) {
    v128.store(x, f32x4.add(v128.load(x), v128.load(y)))
    x += 16
    y += 16
  }
}

/**
 * Turns the neighbouring pairs of each head by the angles of a position (`turns`: cos, sin per
 * pair).
 */
export function rotate(x: usize, turns: usize, heads: i32, headDim: i32): void {
  for (let head = 0; head < heads; head++) {
    let turn = turns
    const end = x + (<usize>headDim << 2)
    while (x < end) {
      const a = load<f32>(x)
      const b = load<f32>(x, 4)
      const c = load<f32>(turn)
      const s = load<f32>(turn, 4)
      store<f32>(x, a * c - b * s)
      store<f32>(x, a * s + b * c, 4)
      x += 8
      turn += 8
    }
  }
}

/** gate = gate / (1 + e^-gate) * up, in f64, rounded once. */
export function activate(gate: usize, up: usize, count: i32): void {
  const one = f64x2.splat(1)
  const end = gate + (<usize>count << 2)
  while (gate < end) {
    const g = f64x2.promote_low_f32x4(v128.load64_zero(gate))
    const u = f64x2.promote_low_f32x4(v128.load64_zero(up))
    const slope = f64x2.div(g, f64x2.add(one, exp(f64x2.neg(g))))
    v128.store64_lane(gate, f32x4.demote_f64x2_zero(f64x2.mul(slope, u)), 0)
    gate += 8
    up += 8
  }
}

/**
 * Replaces `count` scores by e^(score - largest), rounded to f32, and returns 1 / their sum. The
 * sum is taken in f64 before rounding, even and odd positions apart. There is room for one score
 * more.
 */
function exponentials(scores: usize, count: i32): f32 {
  let most = load<f32>(scores)
  for (let i = 1; i < count; i++) most = max(most, load<f32>(scores + (<usize>i << 2)))
  // e^x is 0 there, so that an odd count ends with a pair too.
  store<f32>(scores + (<usize>count << 2), <f32>-3e38)
  const largest = f64x2.splat(most)
  let sum = f64x2.splat(0)
  const end = scores + (<usize>count << 2)
  while (scores < end) {
    const e = exp(f64x2.sub(f64x2.promote_low_f32x4(v128.load64_zero(scores)), largest))
    sum = f64x2.add(sum, e)
    v128.store64_lane(scores, f32x4.demote_f64x2_zero(e), 0)
    scores += 8
  }
  return <f32>(1.0 / (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)))
}

/**
 * out = inverse * sum of scores[t] * values[t], t in order; `stride` bytes from one t to the next.
 */
function weigh(
  out: usize,
  scores: usize,
  count: i32,
  values: usize,
  stride: usize,
  headDim: i32,
  inverse: f32,
): void {
  let left = headDim
  for (; left >= 16; left -= 16) {
    let a = f32x4.splat(0)
    let b = f32x4.splat(0)
    let c = f32x4.splat(0)
    let d = f32x4.splat(0)
    let value = values
    const end = scores + (<usize>count << 2)
    for (let score = scores; score < end; score += 4) {
      const s = v128.load32_splat(score)
      a = f32x4.add(a, f32x4.mul(s, v128.load(value)))
      b = f32x4.add(b, f32x4.mul(s, v128.load(value, 16)))
      c = f32x4.add(c, f32x4.mul(s, v128.load(value, 32)))
      d = f32x4.add(d, f32x4.mul(s, v128.load(value, 48)))
      value += stride
    }
    const factor = f32x4.splat(inverse)
    v128.store(out, f32x4.mul(a, factor))
    v128.store(out, f32x4.mul(b, factor), 16)
    v128.store(out, f32x4.mul(c, factor), 32)
    v128.store(out, f32x4.mul(d, factor), 48)
    out += 64
    values += 64
  }
  for (; left > 0; left -= 4) {
    let a = f32x4.splat(0)
    let value = values
    const end = scores + (<usize>count << 2)
    for (let score = scores; score < end; score += 4) {
      a = f32x4.add(a, f32x4.mul(v128.load32_splat(score), v128.load(value)))
      value += stride
    }
    v128.store(out, f32x4.mul(a, f32x4.splat(inverse)))
    out += 16
    values += 16
  }
}

/** Attention of one token: every head over positions 0 to `position`. */
export function attend(
  out: usize,
  query: usize,
  keys: usize,
  values: usize,
  scores: usize,
  position: i32,
  heads: i32,
  kvHeads: i32,
  headDim: i32,
): void {
  const stride = <usize>(kvHeads * headDim) << 2
  const headBytes = <usize>headDim << 2
  const scale = <f32>1 / sqrt<f32>(<f32>headDim)
  const headsPerKey = heads / kvHeads
  for (let head = 0; head < heads; head++) {
    const offset = <usize>(head / headsPerKey) * headBytes
    let key = keys + offset
    for (let t = 0; t <= position; t++) {
      store<f32>(scores + (<usize>t << 2), dot(query, key, headDim) * scale)
      key += stride
    }
    const inverse = exponentials(scores, position + 1)
    weigh(out, scores, position + 1, values + offset, stride, headDim, inverse)
    out += headBytes
    query += headBytes
  }
}
