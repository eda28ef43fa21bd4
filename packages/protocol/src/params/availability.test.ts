import { describe, expect, it } from 'vitest'
import { committeeBounds, committees } from './availability.ts'

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
