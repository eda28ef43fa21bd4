import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { committeeBounds, committeeFor } from '../params/index.ts'
import { drawAssignment, type StorerSet } from './index.ts'

function setOf(stakes: readonly bigint[], beacon = 1): StorerSet {
  const storers = stakes.map((stake, i) => ({
    key: Uint8Array.from({ length: 48 }, (_, j) => (j === 0 ? i >> 8 : j === 1 ? i & 255 : 0)),
    stake,
  }))
  return { epoch: 1, beacon: new Uint8Array(32).fill(beacon), storers }
}

const stakes = fc.array(fc.bigInt({ min: 1n, max: (1n << 64n) - 1n }), {
  minLength: 1,
  maxLength: 140,
})
const commitments = fc.uint8Array({ minLength: 32, maxLength: 32 })

describe('the draw', () => {
  it('gives every row to one member and seats by stake, rounded up or down', () => {
    fc.assert(
      fc.property(stakes, commitments, fc.constantFrom(16, 64), (given, commitment, k) => {
        const committee = committeeFor(k, given.length)
        if (committee === undefined) throw new Error('no committee')
        const { n } = committeeBounds(committee)
        const { members } = drawAssignment(setOf(given), commitment, { k, n })
        const rows = members.flatMap((member) => member.rows).sort((a, b) => a - b)
        expect(rows).toEqual(Array.from({ length: n }, (_, row) => row))
        const total = given.reduce((sum, stake) => sum + stake, 0n)
        const seats = new Map(
          members.map(({ storer, rows: own }) => [storer, own.length / committee.rowsPerStorer]),
        )
        given.forEach((stake, storer) => {
          const share = stake * BigInt(committee.storers)
          const own = BigInt(seats.get(storer) ?? 0)
          expect(own === share / total || own === (share + total - 1n) / total).toBe(true)
        })
        expect(members.length).toBeLessThanOrEqual(100)
      }),
      { numRuns: 40 },
    )
  })

  it('depends on commitment and beacon, and on nothing else', () => {
    const equal = Array.from({ length: 24 }, () => 5n)
    const draw = (first: number, beacon: number) =>
      JSON.stringify(
        drawAssignment(setOf(equal, beacon), new Uint8Array(32).fill(first), {
          k: 16,
          n: 48,
        }).members.map(({ rows }) => rows),
      )
    expect(draw(1, 1)).toBe(draw(1, 1))
    expect(draw(1, 1)).not.toBe(draw(2, 1))
    expect(draw(1, 1)).not.toBe(draw(1, 2))
  })

  it('favours nobody: over many blobs, seats follow stake', () => {
    const given = [1n, 2n, 3n, 4n, ...Array.from({ length: 60 }, () => 2n)]
    const set = setOf(given)
    const seats = given.map(() => 0)
    const draws = 400
    for (let i = 0; i < draws; i++) {
      const commitment = Uint8Array.from({ length: 32 }, (_, j) =>
        j < 2 ? (i >> (8 * j)) & 255 : 0,
      )
      for (const { storer, rows } of drawAssignment(set, commitment, { k: 64, n: 192 }).members) {
        seats[storer] = (seats[storer] ?? 0) + rows.length / 3
      }
    }
    // Shares 1/130 to 4/130 of 64 seats; five standard deviations at most are 44.
    for (const [storer, share] of [1, 2, 3, 4].entries()) {
      const expected = (draws * 64 * share) / 130
      expect(Math.abs((seats[storer] ?? 0) - expected)).toBeLessThan(50)
    }
  })

  it('refuses k and n that the number of storers does not give', () => {
    const set = setOf([1n, 1n, 1n, 1n])
    const draw = (k: number, n: number) => () => drawAssignment(set, new Uint8Array(32), { k, n })
    expect(draw(16, 48)).not.toThrow()
    expect(draw(16, 47)).toThrow(/no committee/)
    expect(draw(64, 200)).toThrow(/no committee/)
    expect(draw(32, 96)).toThrow(/no committee/)
  })
})
