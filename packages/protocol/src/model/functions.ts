/**
 * Transcendental functions whose bits do not depend on the engine: only + - * / on f64, which IEEE
 * 754 fixes, in a fixed order. `Math.exp` and its like may differ between engines. The kernels in
 * wasm/inference/assembly/functions.ts do the same steps.
 */

const { fround, floor } = Math

const words = new DataView(new ArrayBuffer(8))

/** The nearest whole number, ties to even; for |x| < 2^51. */
export function roundToEven(x: number): number {
  const below = floor(x)
  const rest = x - below
  if (rest < 0.5) return below
  if (rest > 0.5) return below + 1
  return below % 2 === 0 ? below : below + 1
}

function powerOfTwo(k: number): number {
  words.setUint32(0, (k + 1023) << 20)
  words.setUint32(4, 0)
  return words.getFloat64(0)
}

const expTerms = [
  2.505210838544172e-8, 2.755731922398589e-7, 2.7557319223985893e-6, 2.48015873015873e-5,
  1.984126984126984e-4, 1.388888888888889e-3, 8.333333333333333e-3, 4.1666666666666664e-2,
  1.6666666666666666e-1, 0.5, 1, 1,
]

/** e^x; x is held to at most 64, and e^x is 0 for x below -64. */
export function exp(x: number): number {
  if (!(x >= -64)) return 0
  const held = Math.min(x, 64)
  const k = roundToEven(held * Math.LOG2E)
  const r = held - k * 0.6931471803691238 - k * 1.9082149292705877e-10
  let p = 2.08767569878681e-9
  for (const term of expTerms) p = p * r + term
  return p * powerOfTwo(k)
}

/** The natural logarithm of a normal x > 0. */
export function ln(x: number): number {
  words.setFloat64(0, x)
  const high = words.getUint32(0)
  let exponent = (high >>> 20) - 1023
  words.setUint32(0, (high & 0xfffff) | 0x3ff00000)
  let mantissa = words.getFloat64(0)
  if (mantissa > Math.SQRT2) {
    mantissa /= 2
    exponent += 1
  }
  // ln m = 2 artanh s, as a series in odd powers of s; |s| < 0.172.
  const s = (mantissa - 1) / (mantissa + 1)
  const square = s * s
  let sum = 0
  for (let odd = 21; odd >= 1; odd -= 2) sum = sum * square + 1 / odd
  return exponent * Math.LN2 + 2 * s * sum
}

/** cos and sin of an angle from 0 to 2^20, rounded to f32. */
export function cosineSine(angle: number): [number, number] {
  const k = roundToEven(angle * 0.6366197723675814)
  const r = angle - k * 1.5707963267341256 - k * 6.077100506303966e-11 - k * 2.0222662487959506e-21
  const square = r * r
  let p = -7.647163731819816e-13
  p = p * square + 1.6059043836821613e-10
  p = p * square - 2.505210838544172e-8
  p = p * square + 2.7557319223985893e-6
  p = p * square - 1.984126984126984e-4
  p = p * square + 8.333333333333333e-3
  p = p * square - 1.6666666666666666e-1
  const sine = r + r * (square * p)
  p = 4.779477332387385e-14
  p = p * square - 1.1470745597729725e-11
  p = p * square + 2.08767569878681e-9
  p = p * square - 2.755731922398589e-7
  p = p * square + 2.48015873015873e-5
  p = p * square - 1.388888888888889e-3
  p = p * square + 4.1666666666666664e-2
  p = p * square - 0.5
  const cosine = 1 + square * p
  const quarter = k % 4
  const c = quarter % 2 === 1 ? sine : cosine
  const s = quarter % 2 === 1 ? cosine : sine
  return [fround(quarter === 1 || quarter === 2 ? -c : c), fround(quarter >= 2 ? -s : s)]
}
