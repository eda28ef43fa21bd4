import { gasTable } from '@heddle/protocol/params'
import {
  type CalendarTime,
  calendarFromSeconds,
  formatCalendar,
  secondsFromCalendar,
} from './calendar.ts'
import { errno } from './errno.ts'
import {
  address,
  type Host,
  type HostFunction,
  memoryBytes,
  memoryView,
  readClockMs,
  readText,
  touch,
  wide,
  writePointer,
} from './host.ts'

/** Fields of `struct tm` in order; each is an i32. */
const timeFields = [
  'second',
  'minute',
  'hour',
  'day',
  'month',
  'year',
  'weekday',
  'yearDay',
] as const
const daylightOffset = 32

function readTime(host: Host, at: number): CalendarTime {
  const view = memoryView(host)
  const field = (index: number) => view.getInt32(at + index * 4, true)
  return {
    second: field(0),
    minute: field(1),
    hour: field(2),
    day: field(3),
    month: field(4),
    year: field(5),
    weekday: field(6),
    yearDay: field(7),
  }
}

export function writeTime(host: Host, at: number, time: CalendarTime): void {
  const view = memoryView(host)
  touch(host, at, timeFields.length * 4)
  timeFields.forEach((name, index) => {
    view.setInt32(at + index * 4, time[name], true)
  })
}

function breakDown(host: Host, ...args: number[]): undefined {
  writeTime(host, address(host, args.at(-1) ?? 0), calendarFromSeconds(wide(args.slice(0, -1))))
}

/** Local time is UTC: the same fields, no daylight saving, no offset. */
function breakDownLocal(host: Host, ...args: number[]): undefined {
  breakDown(host, ...args)
  const at = address(host, args.at(-1) ?? 0)
  const view = memoryView(host)
  touch(host, at + daylightOffset, 4)
  view.setInt32(at + daylightOffset, 0, true)
  writePointer(host, view, at + daylightOffset + host.pointerBytes, 0)
}

function putTogether(host: Host, pointer: number): number {
  const at = address(host, pointer)
  const seconds = secondsFromCalendar(readTime(host, at))
  writeTime(host, at, calendarFromSeconds(seconds))
  touch(host, at + daylightOffset, 4)
  memoryView(host).setInt32(at + daylightOffset, 0, true)
  // In wasm32 the upper half of a 64-bit result goes through a register of the module.
  host.numeric._emscripten_tempret_set?.(Math.floor(seconds / 2 ** 32))
  return seconds
}

function setZone(
  host: Host,
  zone: number,
  daylight: number,
  standard: number,
  summer: number,
): undefined {
  const view = memoryView(host)
  writePointer(host, view, address(host, zone), 0)
  touch(host, address(host, daylight), 4)
  view.setInt32(address(host, daylight), 0, true)
  for (const name of [standard, summer]) {
    touch(host, address(host, name), 4)
    memoryBytes(host).set([0x55, 0x54, 0x43, 0], address(host, name))
  }
}

function format(host: Host, buffer: number, size: number, pattern: number, time: number): number {
  const wanted = readText(host, address(host, pattern))
  host.meter?.charge(wanted.length * gasTable.dateLetter)
  const text = Buffer.from(formatCalendar(wanted, readTime(host, address(host, time))))
  if (text.length + 1 > address(host, size)) return 0
  const at = address(host, buffer)
  const memory = memoryBytes(host)
  touch(host, at, text.length + 1)
  memory.set(text, at)
  memory[at + text.length] = 0
  return text.length
}

/** clock_time_get(id, precision, result): nanoseconds. */
function readNanoseconds(host: Host, ...args: number[]): number {
  const at = address(host, args.at(-1) ?? 0)
  touch(host, at, 8)
  memoryView(host).setBigUint64(at, BigInt(readClockMs(host)) * 1_000_000n, true)
  return 0
}

function readResolution(host: Host, _clock: number, result: number): number {
  touch(host, address(host, result), 8)
  memoryView(host).setBigUint64(address(host, result), 1_000_000n, true)
  return 0
}

function fillRandom(host: Host, buffer: number, length: number): number {
  const at = address(host, buffer)
  const memory = memoryBytes(host)
  if (at + address(host, length) > memory.length) return errno.invalid
  touch(host, at, address(host, length))
  host.chance.fill(memory.subarray(at, at + address(host, length)))
  return 0
}

export const timeImports: Readonly<Record<string, HostFunction>> = {
  'env.emscripten_date_now': readClockMs,
  'env.emscripten_get_now': readClockMs,
  'env._emscripten_get_now_is_monotonic': () => 1,
  'wasi_snapshot_preview1.clock_time_get': readNanoseconds,
  'wasi_snapshot_preview1.clock_res_get': readResolution,
  'env._gmtime_js': breakDown,
  'env._localtime_js': breakDownLocal,
  'env._mktime_js': putTogether,
  'env._timegm_js': putTogether,
  'env._tzset_js': setZone,
  'env.strftime': format,
  'env.strftime_l': format,
  'wasi_snapshot_preview1.random_get': fillRandom,
  'env.getentropy': fillRandom,
}
