import { checkDecode, checkEncode, type ErasureEngine } from './engine.ts'
import { multiply } from './field.ts'
import { lagrangeCoefficients } from './interpolate.ts'
import { locateErasures } from './locator.ts'
import { placeSymbol, readSymbol } from './planes.ts'
import { derive, forwardTransform, inverseTransform } from './transform.ts'

/**
 * The code symbol by symbol: what every other engine must equal. About 1 MB/s; runs anywhere.
 * Decodes by Lagrange interpolation.
 */
export const referenceErasure: ErasureEngine = {
  encode(shape, data, parity) {
    checkEncode(shape, data, parity)
    const { k, n, pieceBytes } = shape
    parity.fill(0)
    const pieceOf = (rows: Uint8Array, i: number) =>
      rows.subarray(i * pieceBytes, (i + 1) * pieceBytes)
    for (let s = 0; s < pieceBytes; s++) {
      const values = Uint8Array.from({ length: k }, (_, i) => readSymbol(pieceOf(data, i), s))
      const codeword = encodeSymbols(values, n)
      for (let i = k; i < n; i++) placeSymbol(pieceOf(parity, i - k), s, codeword[i] ?? 0)
    }
  },
  decode(shape, rows, wanted, out) {
    const used = checkDecode(shape, rows, wanted, out)
    const { pieceBytes } = shape
    const known = used.map(({ index }) => index)
    out.fill(0)
    wanted.forEach((target, at) => {
      const piece = out.subarray(at * pieceBytes, (at + 1) * pieceBytes)
      const coefficients = lagrangeCoefficients(known, target)
      for (let s = 0; s < pieceBytes; s++) {
        let value = 0
        used.forEach((row, j) => {
          value ^= multiply(coefficients[j] ?? 0, readSymbol(row.piece, s))
        })
        placeSymbol(piece, s, value)
      }
    })
  },
}

/** The codeword of n symbols that begins with the k given ones (a power of two). */
export function encodeSymbols(data: Uint8Array, n: number): Uint8Array {
  const k = data.length
  const coordinates = data.slice()
  inverseTransform(coordinates, 0)
  const codeword = new Uint8Array(n)
  codeword.set(data)
  for (let shift = k; shift < n; shift += k) {
    const values = coordinates.slice()
    forwardTransform(values, shift)
    codeword.set(values.subarray(0, Math.min(k, n - shift)), shift)
  }
  return codeword
}

/**
 * The symbols of `wanted` (none of them known) from k known ones, by one inverse transform, one
 * derivative and one forward transform whatever the number missing: the model of the fast decoder.
 */
export function recoverSymbols(
  n: number,
  known: readonly number[],
  values: Uint8Array,
  wanted: readonly number[],
): Uint8Array {
  const { length, knownScales, wantedScales } = locateErasures(n, known, wanted)
  const work = new Uint8Array(length)
  known.forEach((row, j) => {
    work[row] = multiply(knownScales[j] ?? 0, values[j] ?? 0)
  })
  inverseTransform(work, 0)
  derive(work)
  forwardTransform(work, 0)
  return Uint8Array.from(wanted, (row, j) => multiply(wantedScales[j] ?? 0, work[row] ?? 0))
}
