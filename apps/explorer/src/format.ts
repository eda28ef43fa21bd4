const whole = new Intl.NumberFormat('en')
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' })
const dateTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })

export function formatCount(count: number): string {
  return whole.format(count)
}

export function formatShort(count: number): string {
  return count < 10_000 ? whole.format(count) : short.format(count)
}

/** `1 model`, `2 models`. */
export function counted(count: number, name: string): string {
  return `${formatCount(count)} ${name}${count === 1 ? '' : 's'}`
}

const winstonPerAr = 10n ** 12n

/** Winston as AR, exactly. */
export function formatWinston(winston: bigint): string {
  const rest = String(winston % winstonPerAr)
    .padStart(12, '0')
    .replace(/0+$/, '')
  return `${whole.format(winston / winstonPerAr)}${rest === '' ? '' : `.${rest}`} AR`
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = ''
  for (const next of units) {
    if (value < 1024) break
    value /= 1024
    unit = next
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`
}

export function formatDuration(ms: number): string {
  if (ms < 1) return '<1 ms'
  if (ms < 1000) return `${ms < 10 ? Math.round(ms * 10) / 10 : Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`
  return `${Math.round(ms / 3_600_000)} h`
}

export function formatAge(ms: number): string {
  if (ms < 1500) return 'now'
  if (ms < 60_000) return `${Math.round(ms / 1000)} s ago`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min ago`
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h ago`
  return `${Math.round(ms / 86_400_000)} d ago`
}

export function formatTime(ms: number): string {
  return dateTime.format(ms)
}

export function formatDay(ms: number): string {
  return day.format(ms)
}

/** With milliseconds, for what happens faster than seconds. */
export function formatMoment(ms: number): string {
  const clock = new Date(ms).toLocaleTimeString('en-GB')
  return `${clock}.${String(Math.floor(ms % 1000)).padStart(3, '0')}`
}

export function shortId(id: string): string {
  return id.length <= 16 ? id : `${id.slice(0, 6)}…${id.slice(-4)}`
}

export function isId(text: string): boolean {
  return /^[\w-]{43}$/.test(text)
}
