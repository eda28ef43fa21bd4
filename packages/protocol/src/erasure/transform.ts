import { multiply, point } from './field.ts'

/**
 * The additive FFT of Lin, Chung and Han (FOCS 2014) in a Cantor basis. A polynomial is given by
 * its coordinates in the basis X_i = ∏ s_j over the bits j of i, s_j being the polynomial that
 * vanishes on the span of β₀ … β_{j−1}. In a Cantor basis s_j(ω_w) = ω_{w >> j}, so every twiddle
 * is a point. Lengths are powers of two; the points are ω_{shift} … ω_{shift + length − 1}, `shift`
 * a multiple of the length.
 */

/** From coordinates to values, in place. */
export function forwardTransform(values: Uint8Array, shift: number): void {
  for (let layer = layersOf(values) - 1; layer >= 0; layer--) {
    for (const { at, twiddle } of butterflies(values.length, layer, shift)) {
      const low = (values[at] ?? 0) ^ multiply(twiddle, values[at + (1 << layer)] ?? 0)
      values[at] = low
      values[at + (1 << layer)] = low ^ (values[at + (1 << layer)] ?? 0)
    }
  }
}

/** From values to coordinates, in place. */
export function inverseTransform(values: Uint8Array, shift: number): void {
  for (let layer = 0; layer < layersOf(values); layer++) {
    for (const { at, twiddle } of butterflies(values.length, layer, shift)) {
      const high = (values[at] ?? 0) ^ (values[at + (1 << layer)] ?? 0)
      values[at + (1 << layer)] = high
      values[at] = (values[at] ?? 0) ^ multiply(twiddle, high)
    }
  }
}

/**
 * Coordinates of the formal derivative, in place. The linear term of every s_j is x itself in a
 * Cantor basis, so X_i has the derivative Σ X_{i − 2^j} over the bits j of i.
 */
export function derive(coordinates: Uint8Array): void {
  const { length } = coordinates
  for (let i = 0; i < length; i++) {
    let sum = 0
    for (let bit = 1; bit < length; bit <<= 1) {
      if ((i & bit) === 0) sum ^= coordinates[i + bit] ?? 0
    }
    // Only coordinates above i are read later on, so i may be overwritten now.
    coordinates[i] = sum
  }
}

function layersOf(values: Uint8Array): number {
  return Math.log2(values.length)
}

/** Pairs (at, at + 2^layer) of one layer with their twiddles. */
function* butterflies(length: number, layer: number, shift: number) {
  const half = 1 << layer
  for (let block = 0; block < length; block += 2 * half) {
    const twiddle = point((block + shift) >> layer)
    for (let at = block; at < block + half; at++) yield { at, twiddle }
  }
}
