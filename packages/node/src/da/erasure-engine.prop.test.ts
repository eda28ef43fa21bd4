import { isHeddleError } from '@heddle/protocol/base'
import { planeErasure, referenceErasure } from '@heddle/protocol/erasure'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../runtime/index.ts'
import { openErasureEngine } from './erasure-engine.ts'
import { loadErasureKernel } from './kernel.ts'

const engine = openErasureEngine(await loadErasureKernel(createRuntime().disk), {
  arenaBytes: 2 ** 23,
})
const arena = { data: engine.allocate(2 ** 20), parity: engine.allocate(3 * 2 ** 20) }

const stripe = fc.constantFrom(16, 64).chain((k) =>
  fc.record({
    k: fc.constant(k),
    n: fc.integer({ min: k + 1, max: 256 }),
    blocks: fc.integer({ min: 1, max: 11 }),
    seed: fc.nat(),
    inArena: fc.boolean(),
  }),
)

function* numbers(seed: number): Generator<number, never> {
  let state = seed | 1
  for (;;) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    yield state >>> 0
  }
}

function randomBytes(length: number, seed: number): Uint8Array {
  const next = numbers(seed)
  return Uint8Array.from({ length }, () => next.next().value & 255)
}

/** `length` distinct rows below n, in random order. */
function shuffled(n: number, length: number, seed: number): number[] {
  const next = numbers(seed + 77)
  const keyed = Array.from({ length: n }, (_, row) => ({ row, key: next.next().value }))
  return keyed
    .sort((a, b) => a.key - b.key)
    .slice(0, length)
    .map(({ row }) => row)
}

describe('the WASM engine', () => {
  it('encodes as the reference does, inside its memory and outside', () => {
    fc.assert(
      fc.property(stripe, ({ k, n, blocks, seed, inArena }) => {
        const shape = { k, n, pieceBytes: 128 * blocks }
        const data = randomBytes(k * shape.pieceBytes, seed)
        const expected = new Uint8Array((n - k) * shape.pieceBytes)
        referenceErasure.encode(shape, data, expected)
        const parity = inArena
          ? arena.parity.subarray(0, expected.length)
          : new Uint8Array(expected.length)
        const source = inArena ? arena.data.subarray(0, data.length) : data
        source.set(data)
        const guard = arena.parity[expected.length]
        engine.encode(shape, source, parity)
        expect(Buffer.compare(parity, expected)).toBe(0)
        expect(arena.parity[expected.length]).toBe(guard)
      }),
      { numRuns: 25 },
    )
  })

  it.each([
    [16, 35, 37],
    [64, 84, 69],
  ])('works in several passes, the last one short, at k = %i, n = %i', (k, n, blocks) => {
    const shape = { k, n, pieceBytes: 128 * blocks }
    const { pieceBytes } = shape
    const whole = new Uint8Array(n * pieceBytes)
    const [data, parity] = [whole.subarray(0, k * pieceBytes), whole.subarray(k * pieceBytes)]
    data.set(randomBytes(data.length, n))
    engine.encode(shape, data, parity)
    const expected = new Uint8Array(parity.length)
    planeErasure.encode(shape, data, expected)
    expect(Buffer.compare(parity, expected)).toBe(0)
    const last = Array.from({ length: k }, (_, at) => n - k + at)
    const rows = last.map((index) => {
      const at = index * pieceBytes
      return { index, piece: whole.subarray(at, at + pieceBytes) }
    })
    const wanted = Array.from({ length: Math.min(k, n - k) }, (_, row) => row)
    const out = new Uint8Array(wanted.length * pieceBytes)
    engine.decode(shape, rows, wanted, out)
    expect(Buffer.compare(out, data.subarray(0, out.length))).toBe(0)
  })

  it('decodes any rows from any k rows, few or many missing', () => {
    fc.assert(
      fc.property(stripe, fc.nat(), ({ k, n, blocks, seed, inArena }, lost) => {
        const shape = { k, n, pieceBytes: 128 * blocks }
        const { pieceBytes } = shape
        const whole = new Uint8Array(n * pieceBytes)
        whole.set(randomBytes(k * pieceBytes, seed))
        engine.encode(shape, whole.subarray(0, k * pieceBytes), whole.subarray(k * pieceBytes))
        const pieceOf = (row: number) => whole.subarray(row * pieceBytes, (row + 1) * pieceBytes)
        // Between none and all data rows are lost.
        const missing = new Set(shuffled(k, lost % (Math.min(k, n - k) + 1), seed))
        const known = shuffled(n, n, seed + 1)
          .filter((row) => !missing.has(row))
          .slice(0, k)
        const wanted = Array.from({ length: k }, (_, row) => row)
        const size = k * pieceBytes
        const out = inArena ? arena.data.subarray(0, size) : new Uint8Array(size)
        const rows = known.map((index) => ({ index, piece: pieceOf(index) }))
        engine.decode(shape, rows, wanted, out)
        expect(Buffer.compare(out, whole.subarray(0, size))).toBe(0)
        const parity = new Uint8Array(pieceBytes)
        engine.decode(shape, rows, [n - 1], parity)
        expect(Buffer.compare(parity, pieceOf(n - 1))).toBe(0)
      }),
      { numRuns: 60 },
    )
  })

  it('works on whole stripes of 1 MiB', () => {
    const shape = { k: 64, n: 192, pieceBytes: 16384 }
    arena.data.set(randomBytes(arena.data.length, 5))
    const parity = arena.parity.subarray(0, 128 * 16384)
    engine.encode(shape, arena.data, parity)
    const rows = Array.from({ length: 64 }, (_, i) => ({
      index: 64 + 2 * i,
      piece: parity.subarray(2 * i * 16384, (2 * i + 1) * 16384),
    }))
    const out = new Uint8Array(arena.data.length)
    const wanted = Array.from({ length: 64 }, (_, row) => row)
    engine.decode(shape, rows, wanted, out)
    expect(Buffer.compare(out, arena.data)).toBe(0)
    // One column against the reference.
    const column = { k: 64, n: 192, pieceBytes: 128 }
    const cut = (from: Uint8Array, count: number) =>
      Buffer.concat(
        Array.from({ length: count * 8 }, (_, plane) =>
          from.subarray(plane * 2048 + 992, plane * 2048 + 1008),
        ),
      )
    const expected = new Uint8Array(128 * 128)
    referenceErasure.encode(column, cut(arena.data, 64), expected)
    expect(Buffer.compare(cut(parity, 128), expected)).toBe(0)
  })

  it('refuses what it has no room for', () => {
    const code = (run: () => void) => {
      try {
        run()
      } catch (error) {
        return isHeddleError(error) ? error.code : error
      }
    }
    expect(code(() => engine.allocate(2 ** 30))).toBe('arena-exhausted')
    expect(code(() => engine.allocate(Number.NaN))).toBe('arena-exhausted')
    const shape = { k: 16, n: 17, pieceBytes: 16384 + 128 }
    const data = new Uint8Array(16 * shape.pieceBytes)
    const parity = new Uint8Array(shape.pieceBytes)
    expect(code(() => engine.encode(shape, data, parity))).toBe('erasure-piece-too-long')
    expect(code(() => engine.encode(shape, data.subarray(1), parity))).toBe('erasure-length')
  })
})
