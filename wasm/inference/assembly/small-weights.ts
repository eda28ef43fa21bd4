// Weights of 4 and 6 bits as GGUF packs them. Each step of a value is rounded to f32 on its own.
import { half } from './load'
import { scatter } from './quantize'

const blockBytes: usize = 18
const fourBytes: usize = 144
const sixBytes: usize = 210

/**
 * Packs `count` rows of GGUF Q4_0 (blocks of a half scale and 16 bytes, each a weight of the block's first half
 * and one of its second) from row `first` of `w` on, in groups of 32; exact. Returns the first row with
 * a scale that is not finite or over `most` / 8, or -1.
 */
export function packNibbles(
  w: usize,
  first: i32,
  count: i32,
  from: usize,
  cols: i32,
  most: f32,
): i32 {
  const groups = cols >> 5
  const eight = i8x16.splat(8)
  for (let i = 0; i < count; i++) {
    const row = first + i
    const lane = <usize>(row & 3) << 2
    let to = w + <usize>(row >> 2) * <usize>groups * 144
    for (let g = 0; g < groups; g++) {
      const scale = half(load<u16>(from))
      if (!(abs(scale) * 8 <= most)) return row
      const bytes = v128.load(from, 2)
      store<f32>(to + lane, scale)
      scatter(to + 16 + lane, i8x16.sub(v128.and(bytes, i8x16.splat(15)), eight))
      scatter(to + 80 + lane, i8x16.sub(i8x16.shr_u(bytes, 4), eight))
      from += blockBytes
      to += 144
    }
  }
  return -1
}

/** Writes `blocks` blocks of GGUF Q4_0 as f32: (nibble - 8) * scale. */
export function widenNibbles(out: usize, from: usize, blocks: i32): void {
  for (let block = 0; block < blocks; block++) {
    const scale = half(load<u16>(from))
    for (let i: usize = 0; i < 16; i++) {
      const byte = <i32>load<u8>(from + 2 + i)
      store<f32>(out + (i << 2), <f32>((byte & 15) - 8) * scale)
      store<f32>(out + (i << 2), <f32>((byte >> 4) - 8) * scale, 64)
    }
    out += 128
    from += blockBytes
  }
}

/** Six bits of a Q4_K block: number `j` of eight scales (`kind` 0) or of eight offsets (`kind` 4). */
function sixBits(at: usize, j: usize, kind: usize): i32 {
  if (j < 4) return load<u8>(at + j + kind) & 63
  const low = (load<u8>(at + j + 4) >> <u8>kind) & 15
  const high = load<u8>(at + j - 4 + kind) >> 6
  return <i32>low | (<i32>high << 4)
}

/**
 * Writes `blocks` blocks of GGUF Q4_K as f32: halves d and m, 12 bytes of six-bit scales and offsets, then 256
 * nibbles, 32 bytes for each 64; weight = (d * scale) * nibble - m * offset.
 */
export function widenFour(out: usize, from: usize, blocks: i32): void {
  for (let block = 0; block < blocks; block++) {
    const d = half(load<u16>(from))
    const m = half(load<u16>(from, 2))
    for (let j: usize = 0; j < 8; j++) {
      const scale = d * <f32>sixBits(from + 4, j, 0)
      const offset = m * <f32>sixBits(from + 4, j, 4)
      const bytes = from + 16 + ((j >> 1) << 5)
      const shift = <u8>((j & 1) << 2)
      for (let i: usize = 0; i < 32; i++) {
        const nibble = (load<u8>(bytes + i) >> shift) & 15
        store<f32>(out, scale * <f32>nibble - offset)
        out += 4
      }
    }
    from += fourBytes
  }
}

/**
 * Writes `blocks` blocks of GGUF Q6_K as f32: 128 bytes of low nibbles, 64 of pairs of high bits, 16 scales of a
 * byte, a half d; weight = (d * scale) * (six bits - 32), a scale for each 16 weights.
 */
export function widenSix(out: usize, from: usize, blocks: i32): void {
  for (let block = 0; block < blocks; block++) {
    const d = half(load<u16>(from, 208))
    for (let i: usize = 0; i < 256; i++) {
      // 128 weights share 64 bytes of nibbles and 32 of high bits, in four quarters of 32.
      const part = i >> 7
      const quarter = (i >> 5) & 3
      const place = i & 31
      const lowAt = from + (part << 6) + ((quarter & 1) << 5) + place
      const low = (load<u8>(lowAt) >> <u8>((quarter >> 1) << 2)) & 15
      const high = (load<u8>(from + 128 + (part << 5) + place) >> <u8>(quarter << 1)) & 3
      const scale = d * <f32>load<i8>(from + 192 + (i >> 4))
      store<f32>(out, scale * <f32>((<i32>low | (<i32>high << 4)) - 32))
      out += 4
    }
    from += sixBytes
  }
}
