// Between f32 and the quads of whole.ts: vectors on their way to a product, weights on their way
// in.
import { scalesBytes } from './whole'

/** 127 / scale must stay finite: a group whose largest value is below 2^-100 is taken as zero. */
const amplitudeMin: f32 = 7.888609052210118e-31

/** The largest |x[i]|; `count` is a multiple of 4. */
function amplitude(x: usize, count: i32): f32 {
  let most = f32x4.splat(0)
  for (let i = 0; i < count; i += 4) {
    most = f32x4.pmax(most, f32x4.abs(v128.load(x)))
    x += 16
  }
  const pairs = f32x4.pmax(most, v128.shuffle<i32>(most, most, 2, 3, 0, 1))
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1))
}

/** Four values times `inverse`, rounded to the nearest whole number (ties to even), as i32. */
function rounded(x: usize, inverse: v128): v128 {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), inverse)))
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
