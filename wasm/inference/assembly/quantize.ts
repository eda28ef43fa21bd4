// Between f32 and the quads of whole.ts: vectors on their way to a product, weights on their way
// in.
import { scalesBytes } from './whole'

/** 127 / scale must stay finite: a group whose largest value is below 2^-100 is taken as zero. */
const amplitudeMin: f32 = 7.888609052210118e-31

/** Bits of an f32 but its sign: sizes are in order as whole numbers, and those of NaN come last. */
const sizeBits: i32 = 0x7fffffff

function sizes(x: usize): v128 {
  return v128.and(v128.load(x), i32x4.splat(sizeBits))
}

/** The largest |x[i]|; `count` is a multiple of 4. A NaN is larger than all numbers. */
export function amplitude(x: usize, count: i32): f32 {
  let low = i32x4.splat(0)
  let high = i32x4.splat(0)
  const end = x + (<usize>(count & ~7) << 2)
  while (x < end) {
    low = i32x4.max_s(low, sizes(x))
    high = i32x4.max_s(high, sizes(x + 16))
    x += 32
  }
  if (count & 4) low = i32x4.max_s(low, sizes(x))
  const most = i32x4.max_s(low, high)
  const pairs = i32x4.max_s(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1))
  const one = i32x4.max_s(pairs, v128.shuffle<i32>(pairs, pairs, 1, 0, 3, 2))
  return f32x4.extract_lane(one, 0)
}

/** 1.5 * 2^23: f32 near it are whole numbers, and their low bits count them. */
const wholeShift: f32 = 12582912
const wholeBits: i32 = 0x4b400000

/**
 * Four values times `inverse`, rounded to the nearest whole number (ties to even), as i32. For
 * products of at most 2^22: the addition rounds as `nearest` would, and needs no look at what is
 * out of range.
 */
function rounded(x: usize, inverse: v128): v128 {
  const shifted = f32x4.add(f32x4.mul(v128.load(x), inverse), f32x4.splat(wholeShift))
  return i32x4.sub(shifted, i32x4.splat(wholeBits))
}

/**
 * Writes `cols` f32 as i16 from -127 to 127 and one scale per group of the padded vector: scale =
 * largest / 127, value = nearest(x * (127 / largest)). Columns from `cols` up to `paddedCols` are
 * 0.
 */
export function quantizeVector(
  out: usize,
  scales: usize,
  x: usize,
  cols: i32,
  paddedCols: i32,
  group: i32,
): void {
  for (let start = 0; start < paddedCols; start += group) {
    const count = max(0, min(group, cols - start))
    const most = amplitude(x, count)
    const isZero = most < amplitudeMin
    store<f32>(scales, isZero ? 0 : most / 127)
    const inverse = f32x4.splat(isZero ? 0 : <f32>127 / most)
    let i = 0
    for (; i < count; i += 4) {
      const low = rounded(x, inverse)
      v128.store64_lane(out, i16x8.narrow_i32x4_s(low, low), 0)
      x += 16
      out += 8
    }
    for (; i < group; i += 4) {
      store<i64>(out, 0)
      out += 8
    }
    scales += 4
  }
}

/** Where group `g` of the quad of row `row` begins. */
function groupOf(w: usize, row: i32, g: i32, groups: i32, group: i32): usize {
  const groupBytes = scalesBytes + (<usize>group << 2)
  return w + (<usize>(row >> 2) * <usize>groups + <usize>g) * groupBytes
}

/** Reads row `row` of quantised weights back as f32. */
export function readRow(out: usize, w: usize, row: i32, cols: i32, padded: i32, group: i32): void {
  const groups = padded / group
  const lane = <usize>(row & 3)
  for (let column = 0; column < cols; column++) {
    const at = groupOf(w, row, column / group, groups, group)
    const inGroup = <usize>(column % group)
    const byte = at + scalesBytes + ((inGroup >> 1) << 3) + (lane << 1) + (inGroup & 1)
    store<f32>(out, <f32>load<i8>(byte) * load<f32>(at + (lane << 2)))
    out += 4
  }
}

/**
 * Puts 16 bytes of a row, of which `to` is the first, where a quad has them: two, then six of
 * others.
 */
export function scatter(to: usize, bytes: v128): void {
  v128.store16_lane(to, bytes, 0)
  v128.store16_lane(to, bytes, 1, 8)
  v128.store16_lane(to, bytes, 2, 16)
  v128.store16_lane(to, bytes, 3, 24)
  v128.store16_lane(to, bytes, 4, 32)
  v128.store16_lane(to, bytes, 5, 40)
  v128.store16_lane(to, bytes, 6, 48)
  v128.store16_lane(to, bytes, 7, 56)
}

/**
 * Quantises row `row` from f32 as `quantizeVector` does; `scratch` has room for a row of i16 and
 * scales.
 */
export function writeRow(
  w: usize,
  row: i32,
  from: usize,
  cols: i32,
  padded: i32,
  group: i32,
  scratch: usize,
): void {
  const groups = padded / group
  const lane = <usize>(row & 3)
  const scales = scratch + (<usize>padded << 1)
  quantizeVector(scratch, scales, from, cols, padded, group)
  for (let g = 0; g < groups; g++) {
    const at = groupOf(w, row, g, groups, group)
    store<f32>(at + (lane << 2), load<f32>(scales + (<usize>g << 2)))
    let to = at + scalesBytes + (lane << 1)
    for (let i = 0; i < group; i += 16) {
      scatter(to, i8x16.narrow_i16x8_s(v128.load(scratch), v128.load(scratch, 16)))
      scratch += 32
      to += 64
    }
  }
}

/** 16 values from `x` on times `inverse`, rounded, as i8. */
function roundedBytes(x: usize, inverse: v128): v128 {
  const low = i16x8.narrow_i32x4_s(rounded(x, inverse), rounded(x + 16, inverse))
  const high = i16x8.narrow_i32x4_s(rounded(x + 32, inverse), rounded(x + 48, inverse))
  return i8x16.narrow_i16x8_s(low, high)
}

/** Puts 16 bytes of each of four rows where a quad has them; the same as four times `scatter`. */
export function interleave(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
  const cd = v128.shuffle<i16>(c, d, 0, 8, 1, 9, 2, 10, 3, 11)
  v128.store(to, v128.shuffle<i32>(ab, cd, 0, 4, 1, 5))
  v128.store(to, v128.shuffle<i32>(ab, cd, 2, 6, 3, 7), 16)
  const abHigh = v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
  const cdHigh = v128.shuffle<i16>(c, d, 4, 12, 5, 13, 6, 14, 7, 15)
  v128.store(to, v128.shuffle<i32>(abHigh, cdHigh, 0, 4, 1, 5), 32)
  v128.store(to, v128.shuffle<i32>(abHigh, cdHigh, 2, 6, 3, 7), 48)
}

/** Writes the scale of a row's group and returns what its values are multiplied by. */
function writeScale(to: usize, x: usize, group: i32): v128 {
  const most = amplitude(x, group)
  const isZero = most < amplitudeMin
  store<f32>(to, isZero ? 0 : most / 127)
  return f32x4.splat(isZero ? 0 : <f32>127 / most)
}

/** Quantises four rows into one quad as `writeRow` does; `cols` is a multiple of `group`. */
export function writeQuad(to: usize, from: usize, cols: i32, group: i32): void {
  const apart = <usize>cols << 2
  const groupBytes = <usize>group << 2
  const end = from + apart
  while (from < end) {
    const a = writeScale(to, from, group)
    const b = writeScale(to + 4, from + apart, group)
    const c = writeScale(to + 8, from + apart * 2, group)
    const d = writeScale(to + 12, from + apart * 3, group)
    to += scalesBytes
    const groupEnd = from + groupBytes
    while (from < groupEnd) {
      interleave(
        to,
        roundedBytes(from, a),
        roundedBytes(from + apart, b),
        roundedBytes(from + apart * 2, c),
        roundedBytes(from + apart * 3, d),
      )
      from += 64
      to += 64
    }
  }
}
