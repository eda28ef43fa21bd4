// f32 products. A sum has eight partial sums: element i goes to number i mod 8, in order of i. Then
// partial sum j takes j + 4 (j = 0..3), and the four are added as (0 + 1) + (2 + 3). This order is
// the definition (spec of the engine): it is the same for one token and for many.

function sumOfLanes(low: v128, high: v128): f32 {
  const v = f32x4.add(low, high)
  return (
    f32x4.extract_lane(v, 0) +
    f32x4.extract_lane(v, 1) +
    (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  )
}

/** Sum of a[i] * b[i]; `count` is a multiple of 4. */
export function dot(a: usize, b: usize, count: i32): f32 {
  let low = f32x4.splat(0)
  let high = f32x4.splat(0)
  const end = a + (<usize>(count & ~7) << 2)
  while (a < end) {
    low = f32x4.add(low, f32x4.mul(v128.load(a), v128.load(b)))
    high = f32x4.add(high, f32x4.mul(v128.load(a, 16), v128.load(b, 16)))
    a += 32
    b += 32
  }
  if (count & 4) low = f32x4.add(low, f32x4.mul(v128.load(a), v128.load(b)))
  return sumOfLanes(low, high)
}

/**
 * Four rows of `w`, `apart` bytes from one to the next, times one vector. As in whole.ts they are to be far
 * apart, each a stream of its own.
 */
function fourRows(
  out: usize,
  outApart: usize,
  w: usize,
  apart: usize,
  x: usize,
  count: i32,
): void {
  let low0 = f32x4.splat(0)
  let low1 = f32x4.splat(0)
  let low2 = f32x4.splat(0)
  let low3 = f32x4.splat(0)
  let high0 = f32x4.splat(0)
  let high1 = f32x4.splat(0)
  let high2 = f32x4.splat(0)
  let high3 = f32x4.splat(0)
  let w1 = w + apart
  let w2 = w1 + apart
  let w3 = w2 + apart
  const end = x + (<usize>(count & ~7) << 2)
  while (x < end) {
    const a = v128.load(x)
    const b = v128.load(x, 16)
    low0 = f32x4.add(low0, f32x4.mul(v128.load(w), a))
    high0 = f32x4.add(high0, f32x4.mul(v128.load(w, 16), b))
    low1 = f32x4.add(low1, f32x4.mul(v128.load(w1), a))
    high1 = f32x4.add(high1, f32x4.mul(v128.load(w1, 16), b))
    low2 = f32x4.add(low2, f32x4.mul(v128.load(w2), a))
    high2 = f32x4.add(high2, f32x4.mul(v128.load(w2, 16), b))
    low3 = f32x4.add(low3, f32x4.mul(v128.load(w3), a))
    high3 = f32x4.add(high3, f32x4.mul(v128.load(w3, 16), b))
    x += 32
    w += 32
    w1 += 32
    w2 += 32
    w3 += 32
  }
  if (count & 4) {
    const a = v128.load(x)
    low0 = f32x4.add(low0, f32x4.mul(v128.load(w), a))
    low1 = f32x4.add(low1, f32x4.mul(v128.load(w1), a))
    low2 = f32x4.add(low2, f32x4.mul(v128.load(w2), a))
    low3 = f32x4.add(low3, f32x4.mul(v128.load(w3), a))
  }
  store<f32>(out, sumOfLanes(low0, high0))
  store<f32>(out + outApart, sumOfLanes(low1, high1))
  store<f32>(out + outApart * 2, sumOfLanes(low2, high2))
  store<f32>(out + outApart * 3, sumOfLanes(low3, high3))
}

/** Two rows times two vectors: each weight is read once for both. Strides are bytes. */
function twoByTwo(
  out: usize,
  outStride: usize,
  w: usize,
  stride: usize,
  x: usize,
  count: i32,
): void {
  let low00 = f32x4.splat(0)
  let low01 = f32x4.splat(0)
  let low10 = f32x4.splat(0)
  let low11 = f32x4.splat(0)
  let high00 = f32x4.splat(0)
  let high01 = f32x4.splat(0)
  let high10 = f32x4.splat(0)
  let high11 = f32x4.splat(0)
  let w1 = w + stride
  let x1 = x + stride
  const end = x + (<usize>(count & ~7) << 2)
  while (x < end) {
    const u = v128.load(w)
    const v = v128.load(w1)
    const a = v128.load(x)
    const b = v128.load(x1)
    low00 = f32x4.add(low00, f32x4.mul(u, a))
    low01 = f32x4.add(low01, f32x4.mul(v, a))
    low10 = f32x4.add(low10, f32x4.mul(u, b))
    low11 = f32x4.add(low11, f32x4.mul(v, b))
    const p = v128.load(w, 16)
    const q = v128.load(w1, 16)
    const c = v128.load(x, 16)
    const d = v128.load(x1, 16)
    high00 = f32x4.add(high00, f32x4.mul(p, c))
    high01 = f32x4.add(high01, f32x4.mul(q, c))
    high10 = f32x4.add(high10, f32x4.mul(p, d))
    high11 = f32x4.add(high11, f32x4.mul(q, d))
    w += 32
    w1 += 32
    x += 32
    x1 += 32
  }
  if (count & 4) {
    low00 = f32x4.add(low00, f32x4.mul(v128.load(w), v128.load(x)))
    low01 = f32x4.add(low01, f32x4.mul(v128.load(w1), v128.load(x)))
    low10 = f32x4.add(low10, f32x4.mul(v128.load(w), v128.load(x1)))
    low11 = f32x4.add(low11, f32x4.mul(v128.load(w1), v128.load(x1)))
  }
  store<f32>(out, sumOfLanes(low00, high00))
  store<f32>(out, sumOfLanes(low01, high01), 4)
  store<f32>(out + outStride, sumOfLanes(low10, high10))
  store<f32>(out + outStride, sumOfLanes(low11, high11), 4)
}

function rowsTimesOne(out: usize, w: usize, rows: i32, stride: usize, x: usize, cols: i32): void {
  const part = rows >> 2
  const apart = <usize>part * stride
  const outApart = <usize>part << 2
  for (let row = 0; row < part; row++) {
    fourRows(out, outApart, w, apart, x, cols)
    out += 4
    w += stride
  }
  out += outApart * 3
  w += apart * 3
  for (let row = part << 2; row < rows; row++) {
    store<f32>(out, dot(w, x, cols))
    out += 4
    w += stride
  }
}

/**
 * out[t][r] = row r of `w` times x[t], for `tokens` vectors. `w` is rows * cols f32, row by row;
 * the vectors of `x` follow each other; those of `out` are `outStride` bytes apart.
 */
export function multiplyFloat(
  out: usize,
  outStride: usize,
  w: usize,
  rows: i32,
  x: usize,
  cols: i32,
  tokens: i32,
): void {
  const stride = <usize>cols << 2
  if (tokens == 1) return rowsTimesOne(out, w, rows, stride, x, cols)
  let row = 0
  for (; row + 2 <= rows; row += 2) {
    const pair = w + <usize>row * stride
    let token = 0
    for (; token + 2 <= tokens; token += 2) {
      const to = out + <usize>token * outStride + (<usize>row << 2)
      twoByTwo(to, outStride, pair, stride, x + <usize>token * stride, cols)
    }
    if (token < tokens) {
      const to = out + <usize>token * outStride + (<usize>row << 2)
      const from = x + <usize>token * stride
      store<f32>(to, dot(pair, from, cols))
      store<f32>(to, dot(pair + stride, from, cols), 4)
    }
  }
  if (row < rows) {
    const last = w + <usize>row * stride
    for (let token = 0; token < tokens; token++) {
      const to = out + <usize>token * outStride + (<usize>row << 2)
      store<f32>(to, dot(last, x + <usize>token * stride, cols))
    }
  }
}
