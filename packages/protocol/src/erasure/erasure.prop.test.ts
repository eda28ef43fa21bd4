import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isHeddleError } from '../base/index.ts'
import { cantorBasis, invert, multiply, point } from './field.ts'
import {
  encodeSymbols,
  lagrangeCoefficients,
  planeErasure,
  recoverSymbols,
  referenceErasure,
} from './index.ts'
import { placeSymbol, readSymbol } from './planes.ts'
import { derive, forwardTransform, inverseTransform } from './transform.ts'

const element = fc.integer({ min: 0, max: 255 })
const dimension = fc.constantFrom(16, 64)

/** A code, data for it and a random choice of k known rows. */
const codeword = dimension.chain((k) =>
  fc.record({
    k: fc.constant(k),
    n: fc.integer({ min: k + 1, max: 256 }),
    data: fc.uint8Array({ minLength: k, maxLength: k }),
    seed: fc.infiniteStream(fc.nat()),
  }),
)

function choose(n: number, count: number, seed: Iterator<number>): number[] {
  const rows = Array.from({ length: n }, (_, i) => i)
  for (let i = 0; i < count; i++) {
    const j = i + (Number(seed.next().value) % (n - i))
    ;[rows[i], rows[j]] = [rows[j] ?? 0, rows[i] ?? 0]
  }
  return rows.slice(0, count)
}

function evaluate(data: Uint8Array, target: number): number {
  const known = Array.from(data, (_, i) => i)
  return lagrangeCoefficients(known, target).reduce(
    (sum, coefficient, j) => sum ^ multiply(coefficient, data[j] ?? 0),
    0,
  )
}

describe('the field', () => {
  it('obeys the laws', () => {
    fc.assert(
      fc.property(element, element, element, (a, b, c) => {
        expect(multiply(a, b)).toBe(multiply(b, a))
        expect(multiply(multiply(a, b), c)).toBe(multiply(a, multiply(b, c)))
        expect(multiply(a, b ^ c)).toBe(multiply(a, b) ^ multiply(a, c))
        expect(multiply(a, 1)).toBe(a)
        if (a !== 0) expect(multiply(a, invert(a))).toBe(1)
      }),
    )
    expect(() => invert(0)).toThrow(RangeError)
  })

  it('has the Cantor basis, whose sums are all its elements', () => {
    expect(cantorBasis).toEqual([1, 2, 4, 10, 16, 40, 74, 172])
    cantorBasis.forEach((beta, i) => {
      if (i > 0) expect(multiply(beta, beta) ^ beta).toBe(cantorBasis[i - 1])
    })
    expect(new Set(Array.from({ length: 256 }, (_, i) => point(i))).size).toBe(256)
  })
})

describe('the transform', () => {
  it('undoes itself on every coset', () => {
    for (const length of [1, 2, 16, 64, 256]) {
      for (let shift = 0; shift < 256; shift += length) {
        const values = Uint8Array.from({ length }, (_, i) => (i * 73 + shift) & 255)
        const work = values.slice()
        inverseTransform(work, shift)
        forwardTransform(work, shift)
        expect(work).toEqual(values)
      }
    }
  })

  it('derives: (fg)′ agrees with the product rule for f = x', () => {
    // x has coordinate 1 at X_1 only; x·X_i is interpolated, then (x·f)′ = f + x·f′.
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 8 }), (low) => {
        const f = new Uint8Array(16)
        f.set(low)
        const valuesOf = (coordinates: Uint8Array) => {
          const values = coordinates.slice()
          forwardTransform(values, 0)
          return values
        }
        const product = valuesOf(f).map((value, i) => multiply(value, point(i)))
        inverseTransform(product, 0)
        derive(product)
        const slope = f.slice()
        derive(slope)
        const right = valuesOf(f).map(
          (value, i) => value ^ multiply(point(i), valuesOf(slope)[i] ?? 0),
        )
        expect(valuesOf(product)).toEqual(right)
      }),
      { numRuns: 50 },
    )
  })
})

describe('the code', () => {
  it('is what Lagrange interpolation says, row by row', () => {
    fc.assert(
      fc.property(codeword, ({ n, data }) => {
        const rows = encodeSymbols(data, n)
        for (let i = 0; i < n; i += 7) expect(rows[i]).toBe(evaluate(data, i))
        expect(rows[n - 1]).toBe(evaluate(data, n - 1))
      }),
      { numRuns: 20 },
    )
  })

  it('comes back from any k rows, by the matrix and by the transform', () => {
    fc.assert(
      fc.property(codeword, ({ k, n, data, seed }) => {
        const rows = encodeSymbols(data, n)
        const known = choose(n, k, seed[Symbol.iterator]())
        const values = Uint8Array.from(known, (row) => rows[row] ?? 0)
        const missing = Array.from({ length: n }, (_, i) => i).filter((i) => !known.includes(i))
        const expected = Uint8Array.from(missing, (row) => rows[row] ?? 0)
        expect(recoverSymbols(n, known, values, missing)).toEqual(expected)
        for (const row of missing.slice(0, 3)) {
          const sum = lagrangeCoefficients(known, row).reduce(
            (total, coefficient, j) => total ^ multiply(coefficient, values[j] ?? 0),
            0,
          )
          expect(sum).toBe(rows[row])
        }
      }),
      { numRuns: 30 },
    )
  })

  it('does not come back from k rows of which one is wrong', () => {
    const data = Uint8Array.from({ length: 16 }, (_, i) => i)
    const rows = encodeSymbols(data, 48)
    const known = Array.from({ length: 16 }, (_, i) => i + 20)
    const values = Uint8Array.from(known, (row) => rows[row] ?? 0)
    values[3] = (values[3] ?? 0) ^ 1
    const back = recoverSymbols(48, known, values, [0, 1, 2])
    expect(back).not.toEqual(data.slice(0, 3))
  })

  it('encodes and decodes by planes as the reference does, wherever the pieces lie', () => {
    fc.assert(
      fc.property(codeword, fc.integer({ min: 0, max: 3 }), ({ k, n, data, seed }, shift) => {
        const shape = { k, n, pieceBytes: 128 }
        const rows = new Uint8Array(n * 128 + shift).subarray(shift)
        for (let at = 0; at < k * 128; at++) rows[at] = ((data[at % k] ?? 0) * (at + 7)) >> 2
        referenceErasure.encode(shape, rows.subarray(0, k * 128), rows.subarray(k * 128))
        const parity = new Uint8Array((n - k) * 128)
        planeErasure.encode(shape, rows.subarray(0, k * 128), parity)
        expect(parity).toEqual(rows.slice(k * 128))
        const pieceOf = (row: number) => rows.subarray(row * 128, (row + 1) * 128)
        const known = choose(n, k, seed[Symbol.iterator]()).map((index) => ({
          index,
          piece: pieceOf(index),
        }))
        const wanted = [0, k - 1, n - 1]
        const out = new Uint8Array(3 * 128)
        planeErasure.decode(shape, known, wanted, out)
        wanted.forEach((row, at) => {
          expect(out.slice(at * 128, (at + 1) * 128)).toEqual(pieceOf(row).slice())
        })
      }),
      { numRuns: 6 },
    )
  })

  it('works on planes', () => {
    const piece = new Uint8Array(256)
    for (let s = 0; s < 256; s++) placeSymbol(piece, s, s)
    for (let s = 0; s < 256; s++) expect(readSymbol(piece, s)).toBe(s)
  })

  it('restores pieces and refuses what does not fit', () => {
    const shape = { k: 16, n: 40, pieceBytes: 128 }
    const data = Uint8Array.from({ length: 16 * 128 }, (_, i) => (i * i + 7 * i) & 255)
    const parity = new Uint8Array(24 * 128)
    referenceErasure.encode(shape, data, parity)
    const all = [...data, ...parity]
    const row = (index: number) => ({
      index,
      piece: Uint8Array.from(all.slice(index * 128, (index + 1) * 128)),
    })
    const rows = Array.from({ length: 16 }, (_, i) => row(39 - 2 * i))
    const out = new Uint8Array(16 * 128)
    const wanted = Array.from({ length: 16 }, (_, i) => i)
    referenceErasure.decode(shape, rows, wanted, out)
    expect(out).toEqual(data)
    const code = (run: () => void) => {
      try {
        run()
      } catch (error) {
        return isHeddleError(error) ? error.code : error
      }
    }
    const { encode, decode } = referenceErasure
    expect(code(() => encode({ ...shape, k: 17 }, data, parity))).toBe('erasure-shape')
    expect(code(() => encode({ ...shape, n: 257 }, data, parity))).toBe('erasure-shape')
    expect(code(() => encode({ ...shape, pieceBytes: 100 }, data, parity))).toBe('erasure-shape')
    expect(code(() => encode(shape, data, data))).toBe('erasure-length')
    expect(code(() => decode(shape, rows.slice(1), [0], out.subarray(0, 128)))).toBe('erasure-rows')
    const twice = [row(1), ...rows.slice(0, 14), row(1)]
    expect(code(() => decode(shape, twice, [0], out.subarray(0, 128)))).toBe('erasure-rows')
    expect(code(() => decode(shape, rows, [40], out.subarray(0, 128)))).toBe('erasure-rows')
    expect(code(() => decode(shape, rows, [3, 3], out.subarray(0, 256)))).toBe('erasure-rows')
  })
})
