/** C's `struct tm` in UTC: month and weekday from 0, year since 1900. */
export type CalendarTime = {
  readonly second: number
  readonly minute: number
  readonly hour: number
  readonly day: number
  readonly month: number
  readonly year: number
  readonly weekday: number
  readonly yearDay: number
}

const daySeconds = 86_400
const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const monthNames = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
]

/** Days since 1970-01-01 in the proleptic Gregorian calendar; `month` may be out of range. */
function daysFromCivil(year: number, month: number, day: number): number {
  // Years are counted from March, so that the leap day is the last; an era is 400 of them.
  const months = year * 12 + month - 2
  const marchYear = Math.floor(months / 12)
  const monthFromMarch = months - marchYear * 12
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * monthFromMarch + 2) / 5) + day - 1
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - 719_468
}

/** Calendar fields of a moment, seconds since 1970 in UTC. */
export function calendarFromSeconds(seconds: number): CalendarTime {
  const days = Math.floor(seconds / daySeconds)
  const rest = seconds - days * daySeconds
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const leaps =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365)
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100)
  const dayOfYear = dayOfEra - (365 * yearOfEra + leapDays)
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = (monthFromMarch + 2) % 12
  const year = yearOfEra + era * 400 + (month < 2 ? 1 : 0)
  return {
    second: rest % 60,
    minute: Math.floor(rest / 60) % 60,
    hour: Math.floor(rest / 3600),
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
    month,
    year: year - 1900,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysFromCivil(year, 0, 1),
  }
}

/** Seconds since 1970 of calendar fields, which may be out of their ranges (as for `mktime`). */
export function secondsFromCalendar(time: CalendarTime): number {
  const days = daysFromCivil(time.year + 1900, time.month, time.day)
  return ((days * 24 + time.hour) * 60 + time.minute) * 60 + time.second
}

/** The fields of a time a format may ask for, by letter (C11 §7.27.3.5, "C" locale, UTC). */
const fields: Readonly<Record<string, (time: CalendarTime) => string>> = {
  a: (t) => (dayNames[t.weekday] ?? '?').slice(0, 3),
  A: (t) => dayNames[t.weekday] ?? '?',
  b: (t) => (monthNames[t.month] ?? '?').slice(0, 3),
  B: (t) => monthNames[t.month] ?? '?',
  c: (t) => formatCalendar('%a %b %e %H:%M:%S %Y', t),
  C: (t) => padded(Math.floor((t.year + 1900) / 100), 2),
  d: (t) => padded(t.day, 2),
  D: (t) => formatCalendar('%m/%d/%y', t),
  e: (t) => String(t.day).padStart(2, ' '),
  F: (t) => formatCalendar('%Y-%m-%d', t),
  g: (t) => padded(isoWeek(t).year % 100, 2),
  G: (t) => String(isoWeek(t).year),
  h: (t) => (monthNames[t.month] ?? '?').slice(0, 3),
  H: (t) => padded(t.hour, 2),
  I: (t) => padded(t.hour % 12 || 12, 2),
  j: (t) => padded(t.yearDay + 1, 3),
  m: (t) => padded(t.month + 1, 2),
  M: (t) => padded(t.minute, 2),
  n: () => '\n',
  p: (t) => (t.hour < 12 ? 'AM' : 'PM'),
  r: (t) => formatCalendar('%I:%M:%S %p', t),
  R: (t) => formatCalendar('%H:%M', t),
  s: (t) => String(secondsFromCalendar(t)),
  S: (t) => padded(t.second, 2),
  t: () => '\t',
  T: (t) => formatCalendar('%H:%M:%S', t),
  u: (t) => String(t.weekday || 7),
  U: (t) => padded(Math.floor((t.yearDay + 7 - t.weekday) / 7), 2),
  V: (t) => padded(isoWeek(t).week, 2),
  w: (t) => String(t.weekday),
  W: (t) => padded(Math.floor((t.yearDay + 7 - ((t.weekday + 6) % 7)) / 7), 2),
  x: (t) => formatCalendar('%m/%d/%y', t),
  X: (t) => formatCalendar('%H:%M:%S', t),
  y: (t) => padded((((t.year + 1900) % 100) + 100) % 100, 2),
  Y: (t) => String(t.year + 1900),
  z: () => '+0000',
  Z: () => 'UTC',
  '%': () => '%',
}

/** `strftime`; the E and O modifiers mean nothing in the "C" locale, unknown letters stay. */
export function formatCalendar(format: string, time: CalendarTime): string {
  return format.replace(/%[EO]?(.)/gsu, (whole, letter: string) => fields[letter]?.(time) ?? whole)
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

/** ISO 8601 week: the one with the year's first Thursday is week 1. */
function isoWeek(time: CalendarTime): { year: number; week: number } {
  const days = Math.floor(secondsFromCalendar(time) / daySeconds)
  const thursday = calendarFromSeconds((days - ((time.weekday + 6) % 7) + 3) * daySeconds)
  return { year: thursday.year + 1900, week: Math.floor(thursday.yearDay / 7) + 1 }
}
