import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CronSpec, cronSpecs, dueTicks, nextTick, tickName } from './cron.ts'
import { tags } from './testing/fake-node.ts'

const spawned = { timestampMs: 1_700_000_000_456, blockHeight: 7 }
const origin = 1_700_000_000_000

function specsOf(...pairs: [string, string][]): CronSpec[] {
  return cronSpecs(
    pairs.map(([name, value]) => ({ name, value })),
    spawned,
    4,
  )
}

describe('Cron-Interval', () => {
  it('reads every unit, plural and singular', () => {
    const every = (interval: string) => specsOf(['Cron-Interval', interval])[0]
    expect(every('10-seconds')).toMatchObject({ unit: 'time', every: 10_000, origin })
    expect(every('1-minute')).toMatchObject({ every: 60_000 })
    expect(every('5-Minutes')).toMatchObject({ every: 300_000 })
    expect(every('1-hour')).toMatchObject({ every: 3_600_000 })
    expect(every('3-days')).toMatchObject({ every: 259_200_000 })
    expect(every('10-blocks')).toMatchObject({ unit: 'block', every: 10, origin: 7 })
  })

  it('refuses none, too many, and what it does not understand', () => {
    expect(() => specsOf(['Name', 'x'])).toThrow(/no Cron-Interval/)
    expect(() => specsOf(...Array(5).fill(['Cron-Interval', '1-hour']))).toThrow(/limit is 4/)
    for (const bad of ['0-seconds', '-1-seconds', '1.5-hours', '10 seconds', '5-weeks', '']) {
      expect(() => specsOf(['Cron-Interval', bad])).toThrow(/not understood/)
    }
  })

  it('gives each interval the Cron-Tag-* that follow it', () => {
    const specs = specsOf(
      ['Cron-Tag-Early', '0'],
      ['Cron-Interval', '10-seconds'],
      ['Cron-Tag-Action', 'Tick'],
      ['Other', 'x'],
      ['Cron-Interval', '10-seconds'],
      ['Cron-Tag-Action', 'Tock'],
      ['Cron-Tag-More', '1'],
    )
    expect(specs.map((spec) => spec.tags)).toEqual([
      tags({ Early: '0', Action: 'Tick' }),
      tags({ Action: 'Tock', More: '1' }),
    ])
    expect(specs.map((spec) => tickName('P', spec, 5))).toEqual([
      'cron/P/10-seconds/5',
      'cron/P/10-seconds/5/1',
    ])
  })
})

describe('the grid', () => {
  const spec = specsOf(['Cron-Interval', '10-seconds'])[0] as CronSpec

  it('never fires at the origin or before', () => {
    expect(nextTick(spec, origin - 50_000)).toBe(origin + 10_000)
    expect(nextTick(spec, origin)).toBe(origin + 10_000)
    expect(nextTick(spec, origin + 10_000)).toBe(origin + 20_000)
    expect(dueTicks(spec, origin, origin + 9999, 5)).toEqual([])
  })

  it('makes missed ticks good up to the bound, then skips to the newest', () => {
    const at = (n: number) => origin + n * 10_000
    expect(dueTicks(spec, at(1), at(4) + 5, 3)).toEqual([at(2), at(3), at(4)])
    expect(dueTicks(spec, at(1), at(9) + 5, 3)).toEqual([at(2), at(3), at(9)])
    expect(dueTicks(spec, at(1), at(9) + 5, 1)).toEqual([at(9)])
  })

  it('gives ascending points of the grid within bounds, the newest always', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.nat(1e9),
        fc.nat(1e9),
        fc.integer({ min: 1, max: 50 }),
        (every, last, ahead, catchUpMax) => {
          const one = { ...spec, every, origin: 1000 }
          const now = last + ahead
          const ticks = dueTicks(one, last, now, catchUpMax)
          expect(ticks.length).toBeLessThanOrEqual(catchUpMax)
          for (const [at, tick] of ticks.entries()) {
            expect((tick - 1000) % every).toBe(0)
            expect(tick).toBeGreaterThan(Math.max(at === 0 ? last : (ticks[at - 1] ?? 0), 1000))
            expect(tick).toBeLessThanOrEqual(now)
          }
          const newest = ticks.at(-1)
          if (newest !== undefined) expect(nextTick(one, newest)).toBeGreaterThan(now)
          else expect(nextTick(one, last)).toBeGreaterThan(now)
        },
      ),
    )
  })
})
