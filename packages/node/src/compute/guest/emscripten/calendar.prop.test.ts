import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendarFromSeconds, formatCalendar, secondsFromCalendar } from './calendar.ts'

/** Year 1 to 9999, where JavaScript's own calendar can be asked. */
const moment = fc.integer({ min: -62_135_596_800, max: 253_402_300_799 })

describe('the calendar', () => {
  it('agrees with the one of the engine', () => {
    fc.assert(
      fc.property(moment, (seconds) => {
        const date = new Date(seconds * 1000)
        const time = calendarFromSeconds(seconds)
        expect(formatCalendar('%Y-%m-%dT%H:%M:%S', time)).toBe(
          date.toISOString().slice(0, 19).replace(/^0+/, ''),
        )
        expect(time.weekday).toBe(date.getUTCDay())
        const newYear =
          Date.UTC(2000, 0, 1) + (Date.parse(`${iso(date)}-01-01`) - Date.UTC(2000, 0, 1))
        expect(time.yearDay).toBe(Math.floor((date.getTime() - newYear) / 86_400_000))
      }),
    )
  })

  it('goes back to the same second, whatever the fields', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (seconds) => {
        expect(secondsFromCalendar(calendarFromSeconds(seconds))).toBe(seconds)
      }),
    )
  })
})

function iso(date: Date): string {
  return date.toISOString().slice(0, 4)
}

describe('formats', () => {
  const time = calendarFromSeconds(1_700_000_000)
  it.each([
    ['%Y-%m-%d %H:%M:%S', '2023-11-14 22:13:20'],
    ['%a %A %b %B %h', 'Tue Tuesday Nov November Nov'],
    ['%c|%x|%X|%r|%p', 'Tue Nov 14 22:13:20 2023|11/14/23|22:13:20|10:13:20 PM|PM'],
    ['%j %U %W %V %G %g %u %w', '318 46 46 46 2023 23 2 2'],
    ['%C %y %e %I %D %F %R %T %s', '20 23 14 10 11/14/23 2023-11-14 22:13 22:13:20 1700000000'],
    ['%z %Z %n%t%% %Ey %Od %Q', '+0000 UTC \n\t% 23 14 %Q'],
  ])('%s', (format, expected) => {
    expect(formatCalendar(format, time)).toBe(expected)
  })

  it('knows that a year may begin in the last week of the one before', () => {
    expect(formatCalendar('%G-%V', calendarFromSeconds(Date.UTC(2021, 0, 3) / 1000))).toBe(
      '2020-53',
    )
    expect(formatCalendar('%G-%V', calendarFromSeconds(Date.UTC(2024, 11, 30) / 1000))).toBe(
      '2025-01',
    )
  })

  it('puts out-of-range fields right', () => {
    const fields = { second: 0, minute: 0, hour: 12, day: 1, month: 13, year: 120 }
    const seconds = secondsFromCalendar({ ...fields, weekday: 0, yearDay: 0 })
    expect(formatCalendar('%F %H', calendarFromSeconds(seconds))).toBe('2021-02-01 12')
  })
})
