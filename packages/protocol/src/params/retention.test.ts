import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  isRetained,
  parseRetention,
  permanentRetention,
  retentionLimits,
  tagsOfRetention,
} from './retention.ts'
import { quoteStorage, storagePrices } from './retention-price.ts'

const day = 24 * 60 * 60 * 1000
const gibibyte = 2 ** 30

describe('retention tags', () => {
  it('mean for ever, once, anywhere where there are none', () => {
    expect(parseRetention([{ name: 'App', value: 'x' }])).toEqual(permanentRetention)
    expect(tagsOfRetention(permanentRetention)).toEqual([])
  })

  it('are read back as written', () => {
    const retention = fc.record(
      {
        untilMs: fc.nat(retentionLimits.untilMs),
        copies: fc.integer({ min: 1, max: retentionLimits.copies }),
        placement: fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9:._-]{0,20}$/), {
          maxLength: retentionLimits.placementLabels,
        }),
        minimumStake: fc.bigInt({ min: 0n, max: 10n ** 26n - 1n }),
      },
      { requiredKeys: ['copies', 'placement', 'minimumStake'] },
    )
    fc.assert(
      fc.property(retention, (given) => {
        expect(parseRetention(tagsOfRetention(given))).toEqual(given)
      }),
    )
  })

  it('are refused where they are not understood', () => {
    const wrong: [string, string][] = [
      ['Retain-Until', 'soon'],
      ['Retain-Until', '-1'],
      ['Retain-Until', '999999999999999'],
      ['Retain-Until', ''],
      ['Retain-Copies', '0'],
      ['Retain-Copies', '65'],
      ['Retain-Copies', '1.5'],
      ['Retain-Placement', 'EU'],
      ['Retain-Placement', ''],
      ['Retain-Placement', 'x'.repeat(65)],
      ['Retain-Minimum-Stake', '01'],
      ['Retain-Minimum-Stake', '9'.repeat(27)],
    ]
    for (const [name, value] of wrong) {
      expect(() => parseRetention([{ name, value }]), `${name} ${value}`).toThrow(name)
    }
    const many = Array.from({ length: 17 }, (_, i) => ({
      name: 'Retain-Placement',
      value: `l${i}`,
    }))
    expect(() => parseRetention(many)).toThrow(/at most 16 labels/)
  })

  it('bind until their time, or for ever', () => {
    expect(isRetained({ untilMs: 5 }, 4)).toBe(true)
    expect(isRetained({ untilMs: 5 }, 5)).toBe(false)
    expect(isRetained({}, Number.MAX_SAFE_INTEGER)).toBe(true)
  })
})

describe('the price', () => {
  const prices = { ...storagePrices, winstonPerGibYear: 1_000_000n }

  it('is nothing unless somebody sets one', () => {
    expect(quoteStorage(gibibyte, permanentRetention, 0)).toBe(0n)
  })

  it('of permanence is 200 years of today, of a lease its time, for each copy', () => {
    expect(quoteStorage(gibibyte, { copies: 1 }, 0, prices)).toBe(200_000_000n)
    expect(quoteStorage(gibibyte, { copies: 3 }, 0, prices)).toBe(600_000_000n)
    const year = { untilMs: 365 * day, copies: 1 }
    expect(quoteStorage(gibibyte, year, 0, prices)).toBe(1_000_000n)
    expect(quoteStorage(2 * gibibyte, year, 0, prices)).toBe(2_000_000n)
    expect(quoteStorage(gibibyte, year, 365 * day, prices)).toBe(0n)
    // The smallest thing costs something.
    expect(quoteStorage(1, { untilMs: 1, copies: 1 }, 0, prices)).toBe(1n)
  })

  it('of a lease grows with time and size and never exceeds permanence', () => {
    const numbers = fc.tuple(fc.nat(2 ** 40), fc.nat(retentionLimits.untilMs), fc.nat(day))
    fc.assert(
      fc.property(numbers, ([size, untilMs, more]) => {
        const price = (bytes: number, until: number) =>
          quoteStorage(bytes, { untilMs: until, copies: 2 }, 0, prices)
        expect(price(size, untilMs + more)).toBeGreaterThanOrEqual(price(size, untilMs))
        expect(price(size + more, untilMs)).toBeGreaterThanOrEqual(price(size, untilMs))
        const whole = quoteStorage(size, { copies: 2 }, 0, prices)
        expect(price(size, untilMs)).toBeLessThanOrEqual(whole)
      }),
    )
  })

  it('is refused for numbers that mean nothing', () => {
    const forever = { copies: 1 }
    expect(() => quoteStorage(-1, forever, 0)).toThrow(/whole number/)
    expect(() => quoteStorage(0.5, forever, 0)).toThrow(/whole number/)
    const free = { ...prices, declineBasisPoints: 0n }
    expect(() => quoteStorage(1, forever, 0, free)).toThrow(/decline/)
  })
})
