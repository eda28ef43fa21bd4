// Weights on their way in: checked, widened, packed. Nothing here runs once a model is loaded.
import { scatter, writeRow } from './quantize'

/**
 * The first of `count` f32 (a multiple of 4) that is not finite or whose size is over `most`; -1
 * where all are in order. The bound keeps every later sum finite, so that no NaN can arise.
 */
export function checkWeights(at: usize, count: i32, most: f32): i32 {
  const bound = f32x4.splat(most)
  for (let i = 0; i < count; i += 4) {
    const x = v128.load(at + (<usize>i << 2))
    // A NaN is not <= anything.
    if (!i32x4.all_true(f32x4.le(f32x4.abs(x), bound))) {
      for (let lane = i; lane < i + 4; lane++) {
        if (!(abs(load<f32>(at + (<usize>lane << 2))) <= most)) return lane
      }
    }
  }
  return -1
}

/** One IEEE half as f32; exact. NaN and infinity stay so, for the check. */
export function half(bits: i32): f32 {
  const sign = (bits & 0x8000) << 16
  const rest = bits & 0x7fff
  // Shifted into place a half is 2^112 times too small, subnormals included.
  const size = reinterpret<f32>(rest << 13) * reinterpret<f32>(0x77800000)
  const whole = rest >= 0x7c00 ? 0x7f800000 | ((rest & 0x3ff) << 13) : reinterpret<i32>(size)
  return reinterpret<f32>(sign | whole)
}

/** Writes `count` halves as f32. */
export function widenHalf(out: usize, from: usize, count: i32): void {
  for (let i = 0; i < count; i++) {
    store<f32>(out + (<usize>i << 2), half(load<u16>(from + (<usize>i << 1))))
  }
}

/** Quantises `count` rows of f32, from row `first` of `w` on. */
export function quantizeRows(
  w: usize,
  first: i32,
  count: i32,
  from: usize,
  cols: i32,
  group: i32,
  scratch: usize,
): void {
  const padded = ((cols + group - 1) / group) * group
  for (let i = 0; i < count; i++) {
    writeRow(w, first + i, from, cols, padded, group, scratch)
    from += <usize>cols << 2
  }
}

/**
 * Packs `count` rows of GGUF Q8_0 (blocks of a half scale and 32 i8) from row `first` of `w` on, in
 * groups of 32. Returns the first row with a scale that is not finite or over `most` / 128, or -1.
 */
export function packQuantized(
  w: usize,
  first: i32,
  count: i32,
  from: usize,
  cols: i32,
  most: f32,
): i32 {
  const groups = cols >> 5
  for (let i = 0; i < count; i++) {
    const row = first + i
    const lane = <usize>(row & 3)
    let to = w + <usize>(row >> 2) * <usize>groups * 144
    for (let g = 0; g < groups; g++) {
      const scale = half(load<u16>(from))
      if (!(abs(scale) * 128 <= most)) return row
      store<f32>(to + (lane << 2), scale)
      scatter(to + 16 + (lane << 1), v128.load(from, 2))
      scatter(to + 80 + (lane << 1), v128.load(from, 18))
      from += 34
      to += 144
    }
  }
  return -1
}

/** Writes `blocks` blocks of GGUF Q8_0 as f32. */
export function widenQuantized(out: usize, from: usize, blocks: i32): void {
  for (let block = 0; block < blocks; block++) {
    const scale = half(load<u16>(from))
    for (let i: usize = 0; i < 32; i++) {
      store<f32>(out, <f32>load<i8>(from + 2 + i) * scale)
      out += 4
    }
    from += 34
  }
}
