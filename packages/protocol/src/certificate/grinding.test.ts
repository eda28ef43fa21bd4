import { describe, expect, it } from 'vitest'
import { committeeFor, drawSafetyBits } from '../params/index.ts'
import { drawAssignment, type StorerSet } from './index.ts'

/** Storers of equal stake; the first of them are the encoder's own. */
const storers = 200
const set: StorerSet = {
  epoch: 1,
  beacon: new Uint8Array(32).fill(7),
  storers: Array.from({ length: storers }, (_, i) => ({
    key: Uint8Array.from({ length: 48 }, (_, j) => (j === 0 ? i >> 8 : j === 1 ? i & 255 : 0)),
    stake: 1n,
  })),
}
const committee = committeeFor(64, storers)

/** Seats of the encoder's own storers in the draw of its blob with this number. */
function ownSeats(blob: number, own: number): number {
  const commitment = new Uint8Array(32)
  new DataView(commitment.buffer).setUint32(0, blob)
  const { members } = drawAssignment(set, commitment, { k: 64, n: 200 })
  const rows = members.filter(({ storer }) => storer < own).flatMap((member) => member.rows)
  return rows.length / 2
}

describe('an encoder that tries blobs until it likes the draw (spec/05 §6)', () => {
  if (committee === undefined) throw new Error('there is a committee for 200 storers')

  it('needs 2^33 of them with 10 % of the stake, at best', () => {
    expect(Math.floor(drawSafetyBits(committee, 0.1))).toBe(33)
  })

  it('finds a committee of its own no oftener than the bound says, where that can be counted', () => {
    const blobs = 600
    const share = 0.3
    let found = 0
    let most = 0
    for (let blob = 0; blob < blobs; blob++) {
      const seats = ownSeats(blob, storers * share)
      most = Math.max(most, seats)
      if (seats > committee.faultyStorers) found++
    }
    // Grinding works: some blob gave more than a tenth above its share …
    expect(found).toBeGreaterThan(0)
    expect(most).toBeGreaterThan(committee.faultyStorers)
    // … and the tail of the binomial is above what was found.
    expect(found / blobs).toBeLessThanOrEqual(2 ** -drawSafetyBits(committee, share))
  })

  it('gets nothing by it where storers are no more than seats', () => {
    const few = { ...set, storers: set.storers.slice(0, 100) }
    for (let blob = 0; blob < 20; blob++) {
      const commitment = new Uint8Array(32).fill(blob)
      const { members } = drawAssignment(few, commitment, { k: 64, n: 200 })
      const own = members.filter(({ storer }) => storer < 10).flatMap((member) => member.rows)
      expect(own.length / 2).toBe(10)
    }
  })
})
