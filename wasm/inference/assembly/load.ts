// Weights on their way in: checked, widened, packed. Nothing here runs once a model is loaded.
import { amplitude, interleave, scatter, writeQuad, writeRow } from './quantize'

/** Weights that one comparison checks. */
const checkedAtOnce: i32 = 256

/**
 * The first of `count` f32 (a multiple of 4) that is not finite or whose size is over `most`; -1
 * where all are in order. The bound keeps every later sum finite, so that no NaN can arise.
 */
export function checkWeights(at: usize, count: i32, most: f32): i32 {
  for (let i = 0; i < count; i += checkedAtOnce) {
    const part = min(checkedAtOnce, count - i)
    // A NaN is not <= anything.
    if (amplitude(at, part) <= most) {
      at += <usize>part << 2
      continue
    }
    for (let j = 0; j < part; j++) {
      if (!(abs(load<f32>(at + (<usize>j << 2))) <= most)) return i + j
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

/**
 * Quantises `count` rows of f32, from row `first` of `w` on. Returns the first row, or the first of the four rows,
 * with a weight that is not finite or over `most` in size, or -1.
 */
export function quantizeRows(
  w: usize,
  first: i32,
  count: i32,
  from: usize,
  cols: i32,
  group: i32,
  scratch: usize,
  most: f32,
): i32 {
  const padded = ((cols + group - 1) / group) * group
  const rowBytes = <usize>cols << 2
  let i = 0
  if ((first & 3) == 0 && padded == cols) {
    const quadBytes = <usize>(cols / group) * (16 + (<usize>group << 2))
    for (; i + 4 <= count; i += 4) {
      const quad = w + <usize>((first + i) >> 2) * quadBytes
      if (!writeQuad(quad, from, cols, group, most)) return first + i
      from += rowBytes << 2
    }
  }
  for (; i < count; i++) {
    if (!writeRow(w, first + i, from, cols, padded, group, scratch, most)) return first + i
    from += rowBytes
  }
  return -1
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
  const rowBytes = <usize>(cols >> 5) * 34
  const quadBytes = <usize>(cols >> 5) * 144
  let i = 0
  if ((first & 3) == 0) {
    for (; i + 4 <= count; i += 4) {
      const wrong = packQuad(w + <usize>((first + i) >> 2) * quadBytes, from, rowBytes, most)
      if (wrong >= 0) return first + i + wrong
      from += rowBytes << 2
    }
  }
  for (; i < count; i++) {
    const row = first + i
    const lane = <usize>(row & 3) << 2
    let to = w + <usize>(row >> 2) * quadBytes
    const end = from + rowBytes
    while (from < end) {
      const scale = half(load<u16>(from))
      if (!(abs(scale) * 128 <= most)) return row
      store<f32>(to + lane, scale)
      scatter(to + 16 + lane, v128.load(from, 2))
      scatter(to + 80 + lane, v128.load(from, 18))
      from += 34
      to += 144
    }
  }
  return -1
}

/** Four rows of `packQuantized`, `apart` bytes from one to the next; the first wrong one, or -1. */
function packQuad(to: usize, from: usize, apart: usize, most: f32): i32 {
  const end = from + apart
  const from1 = apart
  const from2 = apart * 2
  const from3 = apart * 3
  while (from < end) {
    for (let lane: usize = 0; lane < 4; lane++) {
      const scale = half(load<u16>(from + lane * apart))
      if (!(abs(scale) * 128 <= most)) return <i32>lane
      store<f32>(to + (lane << 2), scale)
    }
    for (let at: usize = 2; at < 34; at += 16) {
      const row = from + at
      interleave(
        to + 16 + ((at - 2) << 2),
        v128.load(row),
        v128.load(row + from1),
        v128.load(row + from2),
        v128.load(row + from3),
      )
    }
    from += 34
    to += 144
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
