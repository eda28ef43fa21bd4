import { describe, expect, it } from 'vitest'
import { committeeFor, drawSafetyBits, epochSafetyBits, limits } from '../params/index.ts'
import { drawAssignment, type StorerSet, seatsOf } from './index.ts'

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
const { committeesPerEpoch } = limits
const numbers = Array.from({ length: committeesPerEpoch }, (_, number) => number)

function commitmentOf(blob: number): Uint8Array {
  const commitment = new Uint8Array(32)
  new DataView(commitment.buffer).setUint32(0, blob)
  return commitment
}

/** Who has how many seats, as text: equal for equal committees. */
function committeeOf(blob: number, of = set): string {
  const { members } = drawAssignment(of, commitmentOf(blob), { k: 64, n: 200 })
  return members.map(({ storer, rows }) => `${storer}:${rows.length / 2}`).join()
}

describe('an encoder that tries blobs until it likes the committee (spec/05 §6)', () => {
  const committee = committeeFor(64, storers)
  if (committee === undefined) throw new Error('there is a committee for 200 storers')
  const ownSeats = (own: number) =>
    numbers.map((number) => seatsOf(set, 100, number).filter((storer) => storer < own).length)

  it('is stopped: all its tries lead to the committees the epoch has anyhow', () => {
    const all = new Set(
      numbers.map((number) => {
        const seats = new Map<number, number>()
        for (const storer of seatsOf(set, 100, number)) {
          seats.set(storer, (seats.get(storer) ?? 0) + 1)
        }
        const inOrder = [...seats].sort(([a], [b]) => a - b)
        return inOrder.map(([storer, count]) => `${storer}:${count}`).join()
      }),
    )
    const found = new Set(Array.from({ length: 2000 }, (_, blob) => committeeOf(blob)))
    for (const one of found) expect(all.has(one)).toBe(true)
    // And it does reach them: 2000 tries miss one of 256 with chance 2^-11 each.
    expect(found.size).toBeGreaterThan(committeesPerEpoch - 8)
  })

  it('finds none with more of its seats than the committee bears, with 20 % of the stake', () => {
    // All that there are, so more than any number of tries could show.
    const most = Math.max(...ownSeats(storers * 0.2))
    expect(most).toBeLessThanOrEqual(committee.faultyStorers)
    expect(most).toBeGreaterThan(20)
    expect(Math.floor(epochSafetyBits(committee, 0.1))).toBe(24)
  })

  it('would find one where the stake is far above what is borne: the bound is not vacuous', () => {
    const share = 0.3
    const found = ownSeats(storers * share).filter((seats) => seats > committee.faultyStorers)
    expect(found.length).toBeGreaterThan(0)
    const bound = 2 ** -drawSafetyBits(committee, share)
    expect(found.length / committeesPerEpoch).toBeLessThanOrEqual(bound)
  })

  it('cannot choose the committee by anything but the beacon, which comes after the storers', () => {
    const other = { ...set, beacon: new Uint8Array(32).fill(8) }
    const [first = [], second = []] = [seatsOf(set, 100, 0), seatsOf(other, 100, 0)]
    expect(first).not.toEqual(second)
    expect(committeeOf(1)).not.toBe(committeeOf(1, other))
  })

  it('gets its share and no more where storers are no more than seats', () => {
    const few = { ...set, storers: set.storers.slice(0, 100) }
    for (const number of numbers.slice(0, 20)) {
      const own = seatsOf(few, 100, number).filter((storer) => storer < 10)
      expect(own).toHaveLength(10)
    }
  })
})
