import type { Tag } from '@heddle/protocol/item'
import { cronInvalid } from './errors.ts'

/** One `Cron-Interval` of a process. */
export type CronSpec = {
  /** As the process wrote it, e.g. `10-seconds`. */
  readonly interval: string
  readonly unit: 'time' | 'block'
  /** Milliseconds, or blocks. */
  readonly every: number
  /** Where the grid begins: whole second of the spawn, or its height. The origin itself never fires. */
  readonly origin: number
  /** `Cron-Tag-X` tags that follow the interval, as `X`. */
  readonly tags: readonly Tag[]
  /** Equal intervals before this one; tells their ticks apart. */
  readonly repeat: number
}

type Spawned = { readonly timestampMs: number; readonly blockHeight: number }

const secondMs = 1000
const unitsMs: Readonly<Record<string, number>> = {
  second: secondMs,
  minute: 60 * secondMs,
  hour: 3600 * secondMs,
  day: 86_400 * secondMs,
}
const tagPrefix = 'Cron-Tag-'
const form = /^([1-9]\d{0,7})-(second|minute|hour|day|block)s?$/i

/**
 * The intervals of a process. A `Cron-Tag-X` belongs to the interval before it, one before all
 * intervals to the first. Throws `cron-invalid` for none, too many, or a form that is not
 * `<number>-<seconds|minutes|hours|days|blocks>` (singular too).
 */
export function cronSpecs(
  tags: readonly Tag[],
  spawned: Spawned,
  intervalsMax: number,
): CronSpec[] {
  const found: { interval: string; tags: Tag[] }[] = []
  const early: Tag[] = []
  for (const { name, value } of tags) {
    if (name === 'Cron-Interval') found.push({ interval: value, tags: [] })
    else if (name.startsWith(tagPrefix) && name.length > tagPrefix.length) {
      const own = { name: name.slice(tagPrefix.length), value }
      const into = found.at(-1)?.tags ?? early
      into.push(own)
    }
  }
  found[0]?.tags.unshift(...early)
  if (found.length === 0) throw cronInvalid('the process has no Cron-Interval tag')
  if (found.length > intervalsMax) {
    throw cronInvalid(
      `the process has ${found.length} Cron-Interval tags, the limit is ${intervalsMax}`,
    )
  }
  return found.map((one, at) => {
    const repeat = found.slice(0, at).filter((other) => other.interval === one.interval).length
    return { ...one, ...gridOf(one.interval, spawned), repeat }
  })
}

function gridOf(interval: string, spawned: Spawned): Pick<CronSpec, 'unit' | 'every' | 'origin'> {
  const match = form.exec(interval.trim())
  const count = Number(match?.[1])
  const unit = match?.[2]?.toLowerCase()
  if (unit === undefined)
    throw cronInvalid(`Cron-Interval "${interval.slice(0, 64)}" is not understood`)
  if (unit === 'block') return { unit: 'block', every: count, origin: spawned.blockHeight }
  // The reference counts in whole seconds since the second of the spawn.
  const origin = Math.floor(spawned.timestampMs / secondMs) * secondMs
  return { unit: 'time', every: count * (unitsMs[unit] ?? secondMs), origin }
}

/** First point of the grid after `position`. */
export function nextTick(spec: CronSpec, position: number): number {
  const steps = Math.floor((position - spec.origin) / spec.every) + 1
  return spec.origin + Math.max(1, steps) * spec.every
}

/**
 * Points of the grid after `last`, up to and with `now`. Of more than `catchUpMax` the earliest are
 * made good in order and the newest follows; those between are skipped.
 */
export function dueTicks(spec: CronSpec, last: number, now: number, catchUpMax: number): number[] {
  const first = nextTick(spec, last)
  if (first > now) return []
  const count = Math.floor((now - first) / spec.every) + 1
  const newest = first + (count - 1) * spec.every
  const made = Math.min(count, catchUpMax) - 1
  const ticks = Array.from({ length: made }, (_, at) => first + at * spec.every)
  return [...ticks, newest]
}

/** What names a tick, so that a second one is dropped (brief of a Delivery-Id in `deliveryId`). */
export function tickName(processId: string, spec: CronSpec, position: number): string {
  const repeat = spec.repeat === 0 ? '' : `/${spec.repeat}`
  return `cron/${processId}/${spec.interval}/${position}${repeat}`
}

export type Tick = { readonly spec: CronSpec; readonly ordinal: number; readonly position: number }

/** Blocks before times, then by time, then the shorter interval first, as the reference fires them. */
export function compareTicks(a: Tick, b: Tick): number {
  if (a.spec.unit !== b.spec.unit) return a.spec.unit === 'block' ? -1 : 1
  return a.position - b.position || a.spec.every - b.spec.every || a.ordinal - b.ordinal
}
