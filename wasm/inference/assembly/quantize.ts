// Between f32 and the quads of whole.ts: vectors on their way to a product, weights on their way
// in.
import { scalesBytes, vectorScaleBytes } from './whole'

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

/** Writes the scale of a group whose largest size is `most`; returns what its values are multiplied by. */
function writeScale(to: usize, most: f32): v128 {
  const isZero = most < amplitudeMin
  store<f32>(to, isZero ? 0 : most / 127)
  return f32x4.splat(isZero ? 0 : <f32>127 / most)
}

/**
 * Writes `cols` f32 as whole numbers from -127 to 127 and, for each group of the padded vector, what
 * `vectorScaleBytes` says: scale = largest / 127, value = nearest(x * (127 / largest)). Columns from
 * `cols` up to `paddedCols` are 0. Four columns p, q, r, s are the i16 p, r, q - 256 p, s - 256 r.
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
    const inverse = writeScale(scales, amplitude(x, count))
    let sum = i32x4.splat(0)
    let i = 0
    for (; i < count; i += 4) {
      const four = rounded(x, inverse)
      const even = v128.shuffle<i32>(four, four, 0, 2, 0, 2)
      const odd = i32x4.sub(v128.shuffle<i32>(four, four, 1, 3, 1, 3), i32x4.shl(even, 8))
      v128.store64_lane(out, i16x8.narrow_i32x4_s(v128.shuffle<i64>(even, odd, 0, 2), even), 0)
      sum = i32x4.add(sum, even)
      x += 16
      out += 8
    }
    for (; i < group; i += 4) {
      store<i64>(out, 0)
      out += 8
    }
    store<i32>(scales, (i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1)) * -128, 4)
    scales += vectorScaleBytes
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
  const lane = <usize>(row & 3) << 2
  for (let column = 0; column < cols; column++) {
    const at = groupOf(w, row, column / group, groups, group)
    const inGroup = <usize>(column % group)
    const byte = load<u8>(at + scalesBytes + ((inGroup >> 2) << 4) + lane + (inGroup & 3))
    const weight = <i8>(inGroup & 1 ? byte : byte ^ 128)
    store<f32>(out, <f32>weight * load<f32>(at + lane))
    out += 4
  }
}

/** 128 more in each even column. */
function raised(bytes: v128): v128 {
  return v128.xor(bytes, i16x8.splat(128))
}

/** Puts 16 bytes of a row, of which `to` is the first, where a quad has them: four, then twelve of others. */
export function scatter(to: usize, bytes: v128): void {
  const stored = raised(bytes)
  v128.store32_lane(to, stored, 0)
  v128.store32_lane(to, stored, 1, 16)
  v128.store32_lane(to, stored, 2, 32)
  v128.store32_lane(to, stored, 3, 48)
}

/** 16 values from `x` on times `inverse`, rounded, as i8. */
function roundedBytes(x: usize, inverse: v128): v128 {
  const low = i16x8.narrow_i32x4_s(rounded(x, inverse), rounded(x + 16, inverse))
  const high = i16x8.narrow_i32x4_s(rounded(x + 32, inverse), rounded(x + 48, inverse))
  return i8x16.narrow_i16x8_s(low, high)
}

/**
 * Quantises row `row` from f32 as `quantizeVector` does; `scratch` has room for a padded row of f32. Tells
 * whether all of it is finite and at most `most` in size.
 */
export function writeRow(
  w: usize,
  row: i32,
  from: usize,
  cols: i32,
  padded: i32,
  group: i32,
  scratch: usize,
  most: f32,
): bool {
  const groups = padded / group
  const lane = <usize>(row & 3) << 2
  memory.copy(scratch, from, <usize>cols << 2)
  memory.fill(scratch + (<usize>cols << 2), 0, <usize>(padded - cols) << 2)
  for (let g = 0; g < groups; g++) {
    let to = groupOf(w, row, g, groups, group) + lane
    const size = amplitude(scratch, group)
    // A NaN is not <= anything.
    if (!(size <= most)) return false
    const inverse = writeScale(to, size)
    to += scalesBytes
    for (let i = 0; i < group; i += 16) {
      scatter(to, roundedBytes(scratch, inverse))
      scratch += 64
      to += 64
    }
  }
  return true
}

/** Puts 16 bytes of each of four rows where a quad has them; the same as four times `scatter`. */
export function interleave(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5)
  v128.store(to, raised(v128.shuffle<i64>(ab, cd, 0, 2)))
  v128.store(to, raised(v128.shuffle<i64>(ab, cd, 1, 3)), 16)
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
  const cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7)
  v128.store(to, raised(v128.shuffle<i64>(abHigh, cdHigh, 0, 2)), 32)
  v128.store(to, raised(v128.shuffle<i64>(abHigh, cdHigh, 1, 3)), 48)
}

/** Quantises four rows into one quad as `writeRow` does; `cols` is a multiple of `group`. */
export function writeQuad(to: usize, from: usize, cols: i32, group: i32, most: f32): bool {
  const apart = <usize>cols << 2
  const apart2 = apart * 2
  const apart3 = apart * 3
  const groupBytes = <usize>group << 2
  const end = from + apart
  while (from < end) {
    const size0 = amplitude(from, group)
    const size1 = amplitude(from + apart, group)
    const size2 = amplitude(from + apart2, group)
    const size3 = amplitude(from + apart3, group)
    // The larger of a number and a NaN is the NaN.
    if (!(max(max(size0, size1), max(size2, size3)) <= most)) return false
    const a = writeScale(to, size0)
    const b = writeScale(to + 4, size1)
    const c = writeScale(to + 8, size2)
    const d = writeScale(to + 12, size3)
    to += scalesBytes
    const groupEnd = from + groupBytes
    while (from < groupEnd) {
      // Four columns of four rows, narrowed one row after another, lie as a quad has them.
      const ab = i16x8.narrow_i32x4_s(rounded(from, a), rounded(from + apart, b))
      const cd = i16x8.narrow_i32x4_s(rounded(from + apart2, c), rounded(from + apart3, d))
      v128.store(to, raised(i8x16.narrow_i16x8_s(ab, cd)))
      from += 16
      to += 16
    }
  }
  return true
}
