/**
 * GF(2^8) as a tower of quadratic extensions: GF(2) ⊂ GF(4) ⊂ GF(16) ⊂ GF(256), each by a root g of
 * g² = g + c. Bit p of an element is its coordinate at β₁^(p₀)·β₂^(p₁)·β₄^(p₂), the p's being the
 * bits of p. Coordinates in this basis make products with constants of a subfield cheap to
 * bit-slice, and the generators β₁, β₂, β₄ belong to the Cantor basis that the transform needs
 * anyway.
 */

/** β₀ … β₇: β₀ = 1 and βᵢ² + βᵢ = βᵢ₋₁; of the two solutions the one with bit 0 clear. */
export const cantorBasis: readonly number[] = buildCantorBasis()

function cantorOf(basis: readonly number[], i: number): number {
  return basis[i] ?? 0
}

/** Product of two elements of the subfield with `bits` bits, by schoolbook on the halves. */
function multiplyInTower(a: number, b: number, bits: number, basis: readonly number[]): number {
  if (bits === 1) return a & b
  const half = bits >> 1
  const mask = (1 << half) - 1
  const [a0, a1, b0, b1] = [a & mask, a >> half, b & mask, b >> half]
  const low = multiplyInTower(a0, b0, half, basis)
  const high = multiplyInTower(a1, b1, half, basis)
  const cross = multiplyInTower(a0, b1, half, basis) ^ multiplyInTower(a1, b0, half, basis) ^ high
  // g² = g + β(half − 1): the constants are 1, β₁ and β₃.
  const folded = multiplyInTower(high, cantorOf(basis, half - 1), half, basis)
  return low ^ folded ^ (cross << half)
}

function buildCantorBasis(): number[] {
  const basis = [1, 2, 4]
  const square = (t: number) => multiplyInTower(t, t, 4, basis)
  for (let t = 0; t < 16; t += 2) if ((square(t) ^ t) === 4) basis.push(t)
  basis.push(16)
  for (let i = 5; i < 8; i++) {
    for (let t = 0; t < 256; t += 2) {
      if ((multiplyInTower(t, t, 8, basis) ^ t) === basis[i - 1]) basis.push(t)
    }
  }
  return basis
}

const exponents = new Uint8Array(510)
const logarithms = new Uint8Array(256)
fillTables()

function fillTables(): void {
  const generator = findGenerator()
  let power = 1
  for (let i = 0; i < 255; i++) {
    exponents[i] = power
    exponents[i + 255] = power
    logarithms[power] = i
    power = multiplyInTower(power, generator, 8, cantorBasis)
  }
}

function findGenerator(): number {
  for (let candidate = 2; ; candidate++) {
    let power = candidate
    let order = 1
    for (; power !== 1; order++) power = multiplyInTower(power, candidate, 8, cantorBasis)
    if (order === 255) return candidate
  }
}

/** Sum and difference are XOR; this is the product. */
export function multiply(a: number, b: number): number {
  if (a === 0 || b === 0) return 0
  return exponents[(logarithms[a] ?? 0) + (logarithms[b] ?? 0)] ?? 0
}

/** The inverse of a non-zero element. */
export function invert(a: number): number {
  if (a === 0) throw new RangeError('zero has no inverse')
  return exponents[255 - (logarithms[a] ?? 0)] ?? 0
}

const points = new Uint8Array(256)
for (let i = 0; i < 256; i++) {
  for (let bit = 0; bit < 8; bit++) {
    if ((i >> bit) & 1) points[i] = (points[i] ?? 0) ^ cantorOf(cantorBasis, bit)
  }
}

/** ωᵢ, the sum of the Cantor basis elements at the bits of i: where row i is evaluated. */
export function point(i: number): number {
  return points[i] ?? 0
}
