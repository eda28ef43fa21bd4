// int8 products with i32 sums. The sum within a group is exact, so its order is free; then, group
// by group in order: sum = sum + f32(whole sum) * (weight scale * vector scale), each step rounded
// to f32.
//
// Weights lie in quads of four rows. A quad is a sequence of groups; a group is four f32 scales
// (one a row), then for every two columns eight bytes: two of each row. So lane r of a product is
// of row r, two columns of the vector serve all four lanes, and a quad is one stream for the memory
// to follow.

/** Bytes of scales at the head of a group. */
export const scalesBytes: usize = 16

/** sum + f32(whole) * (scales * scale). */
function addScaled(sum: v128, whole: v128, scales: v128, scale: v128): v128 {
  return f32x4.add(sum, f32x4.mul(f32x4.convert_i32x4_s(whole), f32x4.mul(scales, scale)))
}

/** Eight bytes of a quad times two columns of a vector. */
function product(w: usize, columns: v128): v128 {
  return i32x4.dot_i16x8_s(v128.load_ext<i8>(w), columns)
}

/** One quad times one vector. */
function quadTimesOne(
  out: usize,
  w: usize,
  x: usize,
  xScale: usize,
  groups: i32,
  group: i32,
): void {
  let sum = f32x4.splat(0)
  for (let g = 0; g < groups; g++) {
    const scales = v128.load(w)
    w += scalesBytes
    let whole = i32x4.splat(0)
    const end = x + (<usize>group << 1)
    while (x < end) {
      whole = i32x4.add(whole, product(w, v128.load32_splat(x)))
      whole = i32x4.add(whole, product(w + 8, v128.load32_splat(x, 4)))
      x += 8
      w += 16
    }
    sum = addScaled(sum, whole, scales, v128.load32_splat(xScale))
    xScale += 4
  }
  v128.store(out, sum)
}

/**
 * Four quads, `apart` bytes from one to the next, times one vector: four streams, and each pair of columns is
 * read once for 16 rows. The streams are to be far apart: those that share pages of memory share what fetches
 * ahead, and cost a quarter of its speed.
 */
function fourQuadsTimesOne(
  out: usize,
  outApart: usize,
  w: usize,
  apart: usize,
  x: usize,
  xScale: usize,
  groups: i32,
  group: i32,
): void {
  let sum0 = f32x4.splat(0)
  let sum1 = f32x4.splat(0)
  let sum2 = f32x4.splat(0)
  let sum3 = f32x4.splat(0)
  let w1 = w + apart
  let w2 = w1 + apart
  let w3 = w2 + apart
  for (let g = 0; g < groups; g++) {
    let a = i32x4.splat(0)
    let b = i32x4.splat(0)
    let c = i32x4.splat(0)
    let d = i32x4.splat(0)
    const end = x + (<usize>group << 1)
    while (x < end) {
      const p = v128.load32_splat(x)
      a = i32x4.add(a, product(w + 16, p))
      b = i32x4.add(b, product(w1 + 16, p))
      c = i32x4.add(c, product(w2 + 16, p))
      d = i32x4.add(d, product(w3 + 16, p))
      const q = v128.load32_splat(x, 4)
      a = i32x4.add(a, product(w + 24, q))
      b = i32x4.add(b, product(w1 + 24, q))
      c = i32x4.add(c, product(w2 + 24, q))
      d = i32x4.add(d, product(w3 + 24, q))
      const r = v128.load32_splat(x, 8)
      a = i32x4.add(a, product(w + 32, r))
      b = i32x4.add(b, product(w1 + 32, r))
      c = i32x4.add(c, product(w2 + 32, r))
      d = i32x4.add(d, product(w3 + 32, r))
      const s = v128.load32_splat(x, 12)
      a = i32x4.add(a, product(w + 40, s))
      b = i32x4.add(b, product(w1 + 40, s))
      c = i32x4.add(c, product(w2 + 40, s))
      d = i32x4.add(d, product(w3 + 40, s))
      x += 16
      w += 32
      w1 += 32
      w2 += 32
      w3 += 32
    }
    const scale = v128.load32_splat(xScale)
    const back = <usize>group << 2
    sum0 = addScaled(sum0, a, v128.load(w - back), scale)
    sum1 = addScaled(sum1, b, v128.load(w1 - back), scale)
    sum2 = addScaled(sum2, c, v128.load(w2 - back), scale)
    sum3 = addScaled(sum3, d, v128.load(w3 - back), scale)
    w += scalesBytes
    w1 += scalesBytes
    w2 += scalesBytes
    w3 += scalesBytes
    xScale += 4
  }
  v128.store(out, sum0)
  v128.store(out + outApart, sum1)
  v128.store(out + outApart * 2, sum2)
  v128.store(out + outApart * 3, sum3)
}

/**
 * One quad times four vectors, `xStride` and `scaleStride` bytes apart: weights are widened once.
 */
function quadTimesFour(
  out: usize,
  outStride: usize,
  w: usize,
  x: usize,
  xStride: usize,
  xScale: usize,
  scaleStride: usize,
  groups: i32,
  group: i32,
): void {
  let sum0 = f32x4.splat(0)
  let sum1 = f32x4.splat(0)
  let sum2 = f32x4.splat(0)
  let sum3 = f32x4.splat(0)
  let x1 = x + xStride
  let x2 = x1 + xStride
  let x3 = x2 + xStride
  for (let g = 0; g < groups; g++) {
    const scales = v128.load(w)
    w += scalesBytes
    let a = i32x4.splat(0)
    let b = i32x4.splat(0)
    let c = i32x4.splat(0)
    let d = i32x4.splat(0)
    const end = x + (<usize>group << 1)
    while (x < end) {
      const p = v128.load_ext<i8>(w)
      a = i32x4.add(a, i32x4.dot_i16x8_s(p, v128.load32_splat(x)))
      b = i32x4.add(b, i32x4.dot_i16x8_s(p, v128.load32_splat(x1)))
      c = i32x4.add(c, i32x4.dot_i16x8_s(p, v128.load32_splat(x2)))
      d = i32x4.add(d, i32x4.dot_i16x8_s(p, v128.load32_splat(x3)))
      const q = v128.load_ext<i8>(w, 8)
      a = i32x4.add(a, i32x4.dot_i16x8_s(q, v128.load32_splat(x, 4)))
      b = i32x4.add(b, i32x4.dot_i16x8_s(q, v128.load32_splat(x1, 4)))
      c = i32x4.add(c, i32x4.dot_i16x8_s(q, v128.load32_splat(x2, 4)))
      d = i32x4.add(d, i32x4.dot_i16x8_s(q, v128.load32_splat(x3, 4)))
      x += 8
      x1 += 8
      x2 += 8
      x3 += 8
      w += 16
    }
    sum0 = addScaled(sum0, a, scales, v128.load32_splat(xScale))
    sum1 = addScaled(sum1, b, scales, v128.load32_splat(xScale + scaleStride))
    sum2 = addScaled(sum2, c, scales, v128.load32_splat(xScale + scaleStride * 2))
    sum3 = addScaled(sum3, d, scales, v128.load32_splat(xScale + scaleStride * 3))
    xScale += 4
  }
  v128.store(out, sum0)
  v128.store(out + outStride, sum1)
  v128.store(out + outStride * 2, sum2)
  v128.store(out + outStride * 3, sum3)
}

/**
 * out[t][r] = row r of `w` times the quantised vector t. `quads` is rows / 4, rounded up: `out` has
 * room for whole quads. `cols` is a multiple of `group`, `group` of 32.
 */
export function multiplyWhole(
  out: usize,
  outStride: usize,
  w: usize,
  quads: i32,
  x: usize,
  xScale: usize,
  cols: i32,
  group: i32,
  tokens: i32,
): void {
  const groups = cols / group
  const quadBytes = <usize>groups * (scalesBytes + (<usize>group << 2))
  const xStride = <usize>cols << 1
  const scaleStride = <usize>groups << 2
  let quad = 0
  if (tokens == 1) {
    const part = quads >> 2
    const apart = <usize>part * quadBytes
    for (let i = 0; i < part; i++) {
      fourQuadsTimesOne(out, <usize>part << 4, w, apart, x, xScale, groups, group)
      w += quadBytes
      out += 16
    }
    w += apart * 3
    out += <usize>part * 48
    quad = part << 2
  }
  for (; quad < quads; quad++) {
    let token = 0
    let to = out
    for (; token + 4 <= tokens; token += 4) {
      const from = x + <usize>token * xStride
      const fromScale = xScale + <usize>token * scaleStride
      quadTimesFour(to, outStride, w, from, xStride, fromScale, scaleStride, groups, group)
      to += outStride << 2
    }
    for (; token < tokens; token++) {
      const fromScale = xScale + <usize>token * scaleStride
      quadTimesOne(to, w, x + <usize>token * xStride, fromScale, groups, group)
      to += outStride
    }
    w += quadBytes
    out += 16
  }
}
