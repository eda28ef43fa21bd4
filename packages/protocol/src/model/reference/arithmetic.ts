const { fround, abs } = Math

import { roundToEven } from '../functions.ts'

/**
 * Sum of a[i] * b[i] in f32 with eight partial sums, element i in number i mod 8; then j + 4 onto
 * j, then (0 + 1) + (2 + 3). This is the order of wasm/inference/assembly/float.ts.
 */
export function dot(
  a: Float32Array,
  aStart: number,
  b: Float32Array,
  bStart: number,
  count: number,
): number {
  const sums = new Float32Array(8)
  for (let i = 0; i < count; i++) {
    const product = fround((a[aStart + i] ?? 0) * (b[bStart + i] ?? 0))
    sums[i & 7] = (sums[i & 7] ?? 0) + product
  }
  const [s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0] = sums
  const front = fround(fround(s0 + s4) + fround(s1 + s5))
  return fround(front + fround(fround(s2 + s6) + fround(s3 + s7)))
}

/**
 * Whole numbers from -128 to 127 in groups, with an f32 scale per group. Columns are padded with 0.
 */
export type Quantized = {
  readonly values: Int8Array
  readonly scales: Float32Array
}

/** Below this a group counts as zero: 127 / scale must stay finite. */
const amplitudeMin = 2 ** -100

/** Quantises one row: scale = largest / 127, value = nearest(x * (127 / largest)), ties to even. */
export function quantize(row: Float32Array, group: number): Quantized {
  const groups = Math.ceil(row.length / group)
  const values = new Int8Array(groups * group)
  const scales = new Float32Array(groups)
  for (let g = 0; g < groups; g++) {
    const part = row.subarray(g * group, (g + 1) * group)
    const most = part.reduce((high, x) => Math.max(high, abs(x)), 0)
    if (most < amplitudeMin) continue
    scales[g] = most / 127
    const inverse = fround(127 / most)
    part.forEach((x, i) => {
      values[g * group + i] = roundToEven(fround(x * inverse))
    })
  }
  return { values, scales }
}

/** A row times a vector: each group's sum is exact; groups are added in order, each step in f32. */
export function quantizedDot(
  w: Quantized,
  wStart: number,
  wScale: number,
  x: Quantized,
  group: number,
): number {
  let sum = 0
  for (let g = 0; g < x.scales.length; g++) {
    let whole = 0
    for (let i = g * group; i < (g + 1) * group; i++) {
      whole += (w.values[wStart + i] ?? 0) * (x.values[i] ?? 0)
    }
    const scale = fround((w.scales[wScale + g] ?? 0) * (x.scales[g] ?? 0))
    sum = fround(sum + fround(fround(whole) * scale))
  }
  return sum
}
