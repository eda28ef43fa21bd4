import { describe, expect, it } from 'vitest'
import { blockWeight } from './blocks.ts'

/** 1.5 and 0.25 as halves. */
const d = { bytes: [0x00, 0x3e], value: 1.5 }
const m = { bytes: [0x00, 0x34], value: 0.25 }

function read(format: Parameters<typeof blockWeight>[0], bytes: readonly number[], count: number) {
  const view = new DataView(Uint8Array.from(bytes).buffer)
  return Array.from({ length: count }, (_, i) => blockWeight(format, view, i))
}

const whole = (i: number, most: number) => (i * 37 + (i >> 3) * 11) % most

/** As the format packs it: a byte holds places 32 apart, the low nibbles those of the first row. */
function packRows(values: readonly number[], rowPairs: readonly (readonly [number, number])[]) {
  return rowPairs.flatMap(([low, high]) =>
    Array.from({ length: 32 }, (_, i) => {
      const [a = 0, b = 0] = [values[32 * low + i], values[32 * high + i]]
      return (a & 15) | ((b & 15) << 4)
    }),
  )
}

describe('blocks of GGUF, packed here by their definition', () => {
  it('Q8_0: a half scale, 32 signed bytes', () => {
    const values = Array.from({ length: 32 }, (_, i) => whole(i, 256) - 128)
    const bytes = [...d.bytes, ...values.map((value) => value & 255)]
    expect(read('q8_0', bytes, 32)).toEqual(values.map((value) => value * d.value))
  })

  it('Q4_0: a half scale, 16 bytes with weights i and i + 16', () => {
    const values = Array.from({ length: 32 }, (_, i) => whole(i, 16))
    const packed = values.slice(0, 16).map((low, i) => low | ((values[16 + i] ?? 0) << 4))
    expect(read('q4_0', [...d.bytes, ...packed], 32)).toEqual(
      values.map((value) => (value - 8) * d.value),
    )
  })

  it('Q4_K: two halves, eight six-bit scales and offsets in twelve bytes, 256 nibbles', () => {
    const scales = [1, 63, 17, 32, 48, 5, 62, 33]
    const offsets = [63, 0, 44, 21, 16, 59, 2, 37]
    const at = (list: readonly number[], j: number) => list[j] ?? 0
    const first = [0, 1, 2, 3].map((j) => at(scales, j) | ((at(scales, j + 4) >> 4) << 6))
    const second = [0, 1, 2, 3].map((j) => at(offsets, j) | ((at(offsets, j + 4) >> 4) << 6))
    const third = [4, 5, 6, 7].map((j) => (at(scales, j) & 15) | ((at(offsets, j) & 15) << 4))
    const values = Array.from({ length: 256 }, (_, i) => whole(i, 16))
    const pairs = [0, 2, 4, 6].map((row) => [row, row + 1] as const)
    const bytes = [...d.bytes, ...m.bytes, ...first, ...second, ...third]
    const weights = values.map((value, i) => {
      const j = Math.floor(i / 32)
      return d.value * at(scales, j) * value - m.value * at(offsets, j)
    })
    expect(read('q4_k', [...bytes, ...packRows(values, pairs)], 256)).toEqual(weights)
  })

  it('Q6_K: low nibbles, pairs of high bits, sixteen signed scales, a half', () => {
    const values = Array.from({ length: 256 }, (_, i) => whole(i, 64))
    const pairs = [0, 1, 4, 5].map((row) => [row, row + 2] as const)
    const high = [0, 4].flatMap((row) =>
      Array.from({ length: 32 }, (_, i) =>
        [0, 1, 2, 3].reduce((byte, r) => {
          return byte | (((values[32 * (row + r) + i] ?? 0) >> 4) << (2 * r))
        }, 0),
      ),
    )
    const scales = Array.from({ length: 16 }, (_, i) => whole(i, 256) - 128)
    const bytes = [...packRows(values, pairs), ...high, ...scales.map((s) => s & 255), ...d.bytes]
    const weights = values.map((v, i) => d.value * (scales[Math.floor(i / 16)] ?? 0) * (v - 32))
    expect(read('q6_k', bytes, 256)).toEqual(weights)
  })

  it('a format without blocks is no block', () => {
    expect(() => read('f32', [0, 0, 0, 0], 1)).toThrow('f32 has no blocks')
  })
})
