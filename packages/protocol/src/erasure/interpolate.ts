import { invert, multiply, point } from './field.ts'

/**
 * Lagrange coefficients: the value at ω_target of the polynomial of degree below `known.length` is
 * Σ coefficient[j] · value at ω_{known[j]}. `known` are distinct.
 */
export function lagrangeCoefficients(known: readonly number[], target: number): Uint8Array {
  const coefficients = new Uint8Array(known.length)
  const hit = known.indexOf(target)
  if (hit >= 0) {
    coefficients[hit] = 1
    return coefficients
  }
  // ∏ (target − m) once, then each coefficient divides one factor out.
  const whole = product(known, target)
  known.forEach((own, j) => {
    const others = product(
      known.filter((m) => m !== own),
      own,
    )
    const denominator = multiply(others, point(own) ^ point(target))
    coefficients[j] = multiply(whole, invert(denominator))
  })
  return coefficients
}

/** ∏ (ω_at − ω_m) over m of `roots`. */
export function product(roots: Iterable<number>, at: number): number {
  let value = 1
  for (const root of roots) value = multiply(value, point(at) ^ point(root))
  return value
}
