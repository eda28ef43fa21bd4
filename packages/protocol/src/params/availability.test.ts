import { describe, expect, it } from 'vitest'
import {
  committeeBounds,
  committeeFor,
  committees,
  drawSafetyBits,
  epochSafetyBits,
  limits,
} from './availability.ts'

describe('committees', () => {
  it('are safe, live and sound as published', () => {
    for (const committee of committees) {
      const bounds = committeeBounds(committee)
      const { k, storers, faultyStorers } = committee
      expect(bounds.certificateRows - bounds.faultyRows).toBe(k)
      expect(bounds.slackRows).toBeGreaterThanOrEqual(0)
      expect(3 * faultyStorers).toBeLessThan(storers)
      expect(bounds.soundnessBits).toBeGreaterThan(128)
    }
  })

  it('at 100 storers of two rows has the figures of the spec', () => {
    const bounds = committeeBounds({ k: 64, storers: 100, rowsPerStorer: 2, faultyStorers: 33 })
    expect(bounds).toMatchObject({ n: 200, certificateRows: 130, honestRows: 134, slackRows: 4 })
    expect(Math.floor(bounds.soundnessBits)).toBe(139)
  })

  it('refuses relations that do not hold', () => {
    const refused = (change: object) => () =>
      committeeBounds({ k: 64, storers: 100, rowsPerStorer: 2, faultyStorers: 33, ...change })
    expect(refused({ faultyStorers: 35 })).toThrow(/honest rows/)
    expect(refused({ rowsPerStorer: 3 })).toThrow(/code of 300 rows/)
    // One row each among 192: too many sets of storers for two keys.
    expect(refused({ storers: 192, rowsPerStorer: 1, faultyStorers: 60 })).toThrow(/soundness/)
  })
})

describe('the committee of a blob', () => {
  it('is the largest that the storers fill, or the smallest', () => {
    const seats = (k: number, storers: number) => committeeFor(k, storers)?.storers
    expect([1, 4, 24, 47].map((storers) => seats(64, storers))).toEqual([24, 24, 24, 24])
    expect([48, 64, 99, 100, 4096].map((storers) => seats(64, storers))).toEqual([
      48, 64, 64, 100, 100,
    ])
    expect([48, 99, 4096].map((storers) => seats(16, storers))).toEqual([48, 64, 100])
    expect(committeeFor(32, 24)).toBeUndefined()
  })

  it('is drawn safely only from a network that is honest by more than a third', () => {
    const largest = committeeFor(64, 4096)
    if (largest === undefined) throw new Error('no committee')
    const bits = (share: number) => Math.floor(drawSafetyBits(largest, share))
    expect([0.05, 0.1, 0.15, 0.2, 0.25].map(bits)).toEqual([62, 33, 19, 10, 5])
    // The same number of seats for every k: an encoder that chooses k gains nothing.
    expect(committeeFor(16, 4096)?.faultyStorers).toBe(largest.faultyStorers)
    const epoch = (share: number) => Math.floor(epochSafetyBits(largest, share))
    expect([0.05, 0.1, 0.15].map(epoch)).toEqual([53, 24, 10])
    expect(Math.log2(limits.committeesPerEpoch) % 1).toBe(0)
  })
})
