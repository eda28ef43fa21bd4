// int8 products with i32 sums. The sum within a group is exact, so its order is free; then, group
// by group in order: sum = sum + f32(whole sum) * (weight scale * vector scale), each step rounded
// to f32.
//
// Weights lie in quads of four rows. A quad is a sequence of groups; a group is four f32 scales
// (one a row), then for every four columns 16 bytes: four of each row. So two lanes of i16 are of row
// r, four columns of the vector serve all four rows, and a quad is one stream for the memory to
// follow. Bytes of even columns are 128 more than their weights: seen as i16, a pair of columns is
// 256 * odd + even + 128, and shifted by 8 bits it is odd. With a vector's columns x and y,
//   (256 * odd + even + 128) * x + odd * (y - 256 * x) = even * x + odd * y + 128 * x,
// so one shift is all it takes to widen, and a sum begins at -128 times the sum of the even columns
// (`quantizeVector` has both ready). Sums may wrap on their way; they end in i32.

/** Quads that are multiplied with one vector at once. */
const streams = 6
/** Bytes of scales at the head of a group. */
export const scalesBytes: usize = 16
/** Of each group of a vector: its f32 scale, and the i32 its sums begin at. */
export const vectorScaleBytes: usize = 8

/** sum + f32(whole) * (scales * scale). */
function addScaled(sum: v128, whole: v128, scales: v128, scale: v128): v128 {
  return f32x4.add(sum, f32x4.mul(f32x4.convert_i32x4_s(whole), f32x4.mul(scales, scale)))
}

/** Four columns of four rows times those of a vector: `even` and `odd` as `quantizeVector` has them. */
function product(weights: v128, even: v128, odd: v128): v128 {
  const high = i16x8.shr_s(weights, 8)
  return i32x4.add(i32x4.dot_i16x8_s(weights, even), i32x4.dot_i16x8_s(high, odd))
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
    let whole = v128.load32_splat(xScale, 4)
    const end = x + (<usize>group << 1)
    while (x < end) {
      const even = v128.load32_splat(x)
      const odd = v128.load32_splat(x, 4)
      whole = i32x4.add(whole, product(v128.load(w), even, odd))
      x += 8
      w += 16
    }
    sum = addScaled(sum, whole, scales, v128.load32_splat(xScale))
    xScale += vectorScaleBytes
  }
  v128.store(out, sum)
}

/**
 * Six quads, `apart` bytes from one to the next, times one vector: six streams, and four columns are read once
 * for 24 rows. The streams are to be far apart: those that share pages of memory share what fetches ahead, and
 * cost a quarter of its speed.
 */
function sixQuadsTimesOne(
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
  let sum4 = f32x4.splat(0)
  let sum5 = f32x4.splat(0)
  const apart2 = apart * 2
  const apart3 = apart * 3
  const apart4 = apart * 4
  const apart5 = apart * 5
  for (let g = 0; g < groups; g++) {
    let a = v128.load32_splat(xScale, 4)
    let b = a
    let c = a
    let d = a
    let e = a
    let f = a
    const end = x + (<usize>group << 1)
    while (x < end) {
      let even = v128.load32_splat(x)
      let odd = v128.load32_splat(x, 4)
      a = i32x4.add(a, product(v128.load(w, 16), even, odd))
      b = i32x4.add(b, product(v128.load(w + apart, 16), even, odd))
      c = i32x4.add(c, product(v128.load(w + apart2, 16), even, odd))
      d = i32x4.add(d, product(v128.load(w + apart3, 16), even, odd))
      e = i32x4.add(e, product(v128.load(w + apart4, 16), even, odd))
      f = i32x4.add(f, product(v128.load(w + apart5, 16), even, odd))
      even = v128.load32_splat(x, 8)
      odd = v128.load32_splat(x, 12)
      a = i32x4.add(a, product(v128.load(w, 32), even, odd))
      b = i32x4.add(b, product(v128.load(w + apart, 32), even, odd))
      c = i32x4.add(c, product(v128.load(w + apart2, 32), even, odd))
      d = i32x4.add(d, product(v128.load(w + apart3, 32), even, odd))
      e = i32x4.add(e, product(v128.load(w + apart4, 32), even, odd))
      f = i32x4.add(f, product(v128.load(w + apart5, 32), even, odd))
      x += 16
      w += 32
    }
    const scale = v128.load32_splat(xScale)
    const scales = w - (<usize>group << 2)
    sum0 = addScaled(sum0, a, v128.load(scales), scale)
    sum1 = addScaled(sum1, b, v128.load(scales + apart), scale)
    sum2 = addScaled(sum2, c, v128.load(scales + apart2), scale)
    sum3 = addScaled(sum3, d, v128.load(scales + apart3), scale)
    sum4 = addScaled(sum4, e, v128.load(scales + apart4), scale)
    sum5 = addScaled(sum5, f, v128.load(scales + apart5), scale)
    w += scalesBytes
    xScale += vectorScaleBytes
  }
  v128.store(out, sum0)
  v128.store(out + outApart, sum1)
  v128.store(out + outApart * 2, sum2)
  v128.store(out + outApart * 3, sum3)
  v128.store(out + outApart * 4, sum4)
  v128.store(out + outApart * 5, sum5)
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
    const s1 = xScale + scaleStride
    const s2 = s1 + scaleStride
    const s3 = s2 + scaleStride
    let a = v128.load32_splat(xScale, 4)
    let b = v128.load32_splat(s1, 4)
    let c = v128.load32_splat(s2, 4)
    let d = v128.load32_splat(s3, 4)
    const end = x + (<usize>group << 1)
    while (x < end) {
      const weights = v128.load(w)
      const high = i16x8.shr_s(weights, 8)
      a = i32x4.add(a, i32x4.dot_i16x8_s(weights, v128.load32_splat(x)))
      b = i32x4.add(b, i32x4.dot_i16x8_s(weights, v128.load32_splat(x1)))
      c = i32x4.add(c, i32x4.dot_i16x8_s(weights, v128.load32_splat(x2)))
      d = i32x4.add(d, i32x4.dot_i16x8_s(weights, v128.load32_splat(x3)))
      a = i32x4.add(a, i32x4.dot_i16x8_s(high, v128.load32_splat(x, 4)))
      b = i32x4.add(b, i32x4.dot_i16x8_s(high, v128.load32_splat(x1, 4)))
      c = i32x4.add(c, i32x4.dot_i16x8_s(high, v128.load32_splat(x2, 4)))
      d = i32x4.add(d, i32x4.dot_i16x8_s(high, v128.load32_splat(x3, 4)))
      x += 8
      x1 += 8
      x2 += 8
      x3 += 8
      w += 16
    }
    sum0 = addScaled(sum0, a, scales, v128.load32_splat(xScale))
    sum1 = addScaled(sum1, b, scales, v128.load32_splat(s1))
    sum2 = addScaled(sum2, c, scales, v128.load32_splat(s2))
    sum3 = addScaled(sum3, d, scales, v128.load32_splat(s3))
    xScale += vectorScaleBytes
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
  const scaleStride = <usize>groups * vectorScaleBytes
  let quad = 0
  if (tokens == 1) {
    const part = quads / streams
    const apart = <usize>part * quadBytes
    for (let i = 0; i < part; i++) {
      sixQuadsTimesOne(out, <usize>part << 4, w, apart, x, xScale, groups, group)
      w += quadBytes
      out += 16
    }
    w += apart * (streams - 1)
    out += <usize>part * 16 * (streams - 1)
    quad = part * streams
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
