// Transcendental functions of two f64 lanes. IEEE 754 fixes + - * / and rounding, so a fixed
// sequence of them gives the same bits on every engine; the host's Math.* may differ and is never
// asked.

/** 1.5 * 2^52: adding it leaves a small whole number in the low bits. */
const wholeShift: f64 = 6755399441055744.0
/** Below this e^x is taken as 0: what is left would only be subnormal products, which are slow. */
const exponentMin: f64 = -64.0
const exponentMax: f64 = 64.0

/** e^x of both lanes; x is held to at most 64, and e^x is 0 for x below -64. */
export function exp(x: v128): v128 {
  const enough = f64x2.ge(x, f64x2.splat(exponentMin))
  const held = f64x2.pmin(f64x2.splat(exponentMax), f64x2.pmax(f64x2.splat(exponentMin), x))
  const k = f64x2.nearest(f64x2.mul(held, f64x2.splat(1.4426950408889634)))
  const high = f64x2.sub(held, f64x2.mul(k, f64x2.splat(0.6931471803691238)))
  const r = f64x2.sub(high, f64x2.mul(k, f64x2.splat(1.9082149292705877e-10)))
  let p = f64x2.splat(2.08767569878681e-9)
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.505210838544172e-8))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.755731922398589e-7))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.7557319223985893e-6))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(2.48015873015873e-5))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.984126984126984e-4))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.388888888888889e-3))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(8.333333333333333e-3))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(4.1666666666666664e-2))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.6666666666666666e-1))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1))
  // p lies in [0.7, 1.5] and |k| is at most 93: adding k to the exponent field is p * 2^k exactly.
  const power = i64x2.shl(f64x2.add(k, f64x2.splat(wholeShift)), 52)
  return v128.and(i64x2.add(p, power), enough)
}

/** sin r for |r| <= pi/4. */
function sineNearZero(r: f64): f64 {
  const square = r * r
  let p = -7.647163731819816e-13
  p = p * square + 1.6059043836821613e-10
  p = p * square - 2.505210838544172e-8
  p = p * square + 2.7557319223985893e-6
  p = p * square - 1.984126984126984e-4
  p = p * square + 8.333333333333333e-3
  p = p * square - 1.6666666666666666e-1
  return r + r * (square * p)
}

/** cos r for |r| <= pi/4. */
function cosineNearZero(r: f64): f64 {
  const square = r * r
  let p = 4.779477332387385e-14
  p = p * square - 1.1470745597729725e-11
  p = p * square + 2.08767569878681e-9
  p = p * square - 2.755731922398589e-7
  p = p * square + 2.48015873015873e-5
  p = p * square - 1.388888888888889e-3
  p = p * square + 4.1666666666666664e-2
  p = p * square - 0.5
  return 1 + square * p
}

/** Writes cos and sin of `angle` as two f32. For 0 <= angle < 2^20. */
export function writeCosineSine(angle: f64, out: usize): void {
  const k = nearest(angle * 0.6366197723675814)
  // pi/2 in three parts of 33 bits each, so that k times the first two is exact (Cody and Waite).
  const r =
    angle - k * 1.5707963267341256 - k * 6.077100506303966e-11 - k * 2.0222662487959506e-21
  const sine = sineNearZero(r)
  const cosine = cosineNearZero(r)
  const quarter = <i32>k & 3
  const swapped = (quarter & 1) != 0
  const c = swapped ? sine : cosine
  const s = swapped ? cosine : sine
  store<f32>(out, <f32>(quarter == 1 || quarter == 2 ? -c : c))
  store<f32>(out + 4, <f32>(quarter >= 2 ? -s : s))
}
