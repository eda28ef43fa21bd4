import { type Series, sumOf } from './metrics-text.ts'
import type { Peer, ProcessRow, Reading, Sample } from './readings.ts'

/** Size of what is drawn, in characters. */
export type Size = { readonly columns: number; readonly rows: number }

const sparks = '▁▂▃▄▅▆▇█'
const labelWidth = 10
/** Lines above the list of processes, its head among them. */
const headLines = 12

/**
 * The whole view as plain lines, none longer than `columns`, `rows` of them at most. Rates of processes
 * and requests need the reading before this one.
 */
export function drawNode(now: Reading, before: Reading | undefined, size: Size): string[] {
  const last = now.samples.at(-1)
  const lines = [
    spread(`heddle ${now.version}  ${now.url}`, `up ${uptime(now)}  ${clockTime(now.atMs)}`, size),
    '',
    row('messages', messages(last)),
    row('', sparkline(now.samples, size.columns - labelWidth)),
    row('latency', latency(last, now, before)),
    row('http', http(now, before)),
    row('outbox', outbox(now.series)),
    row('disk', disk(now.series)),
    row('memory', memory(now.series)),
    row('peers', peers(now.peers)),
    '',
    ...table(now, before, Math.max(1, size.rows - headLines)),
  ]
  return lines.slice(0, size.rows).map((line) => clip(line, size.columns))
}

function messages(last: Sample | undefined): string {
  if (last === undefined) return 'nothing measured yet'
  const { scheduledPerSecond: inward, evaluatedPerSecond: done, backlogSlots } = last
  return `${rate(inward)} scheduled   ${rate(done)} evaluated   ${backlogSlots} waiting   height ${last.height}`
}

function latency(last: Sample | undefined, now: Reading, before: Reading | undefined): string {
  const commit = meanSince(now.series, before?.series, 'heddle_journal_commit_seconds')
  const of = (value: number | null | undefined) => (value == null ? '–' : duration(value))
  const text = `median ${of(last?.latencyMedianMs)}   99 % ${of(last?.latencyHighMs)}`
  return `${text}   journal commit ${of(commit)}`
}

function http(now: Reading, before: Reading | undefined): string {
  const name = 'heddle_http_requests_total'
  const perSecond = rateSince(now, before, name)
  const failed = sumOf(now.series, name, 'status="5xx"')
  const mean = meanSince(now.series, before?.series, 'heddle_http_request_seconds')
  const shown = mean === null ? '–' : duration(mean)
  return `${rate(perSecond)} requests   mean ${shown}   ${failed} failed (5xx)`
}

function outbox(series: Series): string {
  const of = (state: string) => sumOf(series, `heddle_letters_${state}`)
  const counts = `${of('delivered_total')} delivered   ${of('kept_total')} kept   ${of('dead_total')} dead`
  return `${of('pending')} to retry   ${counts}`
}

function disk(series: Series): string {
  const used = bytes(sumOf(series, 'heddle_disk_used_bytes'))
  return `${used} used   ${bytes(sumOf(series, 'heddle_disk_free_bytes'))} free`
}

function memory(series: Series): string {
  const lag = sumOf(series, 'nodejs_eventloop_lag_p99_seconds') * 1000
  const resident = bytes(sumOf(series, 'process_resident_memory_bytes'))
  return `${resident}   event loop 99 % ${duration(lag)}`
}

function peers(all: readonly Peer[]): string {
  if (all.length === 0) return 'none (--peer URL)'
  const shown = all.map(({ url, state, roundTripMs }) => {
    return `${url} ${state}${roundTripMs === undefined ? '' : ` ${roundTripMs} ms`}`
  })
  return shown.join('   ')
}

type Ranked = ProcessRow & {
  readonly perSecond: number
  readonly waiting: number
  /** Part of the time since the last look that it was evaluated. */
  readonly busy: number
}

/** What costs most comes first: evaluating since the last look, then since the start, then by slots. */
function table(now: Reading, before: Reading | undefined, count: number): string[] {
  const seconds = secondsBetween(now, before)
  const earlier = new Map(before?.processes.map((row) => [row.id, row]))
  const ranked = now.processes.map((row): Ranked => {
    const { slots, evaluated, busyMs } = row
    const then = earlier.get(row.id) ?? row
    const busy = Math.max(0, busyMs - then.busyMs) / (seconds * 1000)
    const perSecond = Math.max(0, evaluated - then.evaluated) / seconds
    return { ...row, perSecond, busy, waiting: slots - evaluated }
  })
  ranked.sort((a, b) => b.busy - a.busy || b.busyMs - a.busyMs || b.evaluated - a.evaluated)
  const total = now.samples.at(-1)?.processes ?? ranked.length
  const name = `NAME (${total} in all)`
  const head = processLine('PROCESS', name, 'SLOTS', 'WAITING', 'PER S', 'TIME', 'BUSY')
  const lines = ranked.slice(0, count).map((row) => {
    const plain = row.name.replace(/\p{Cc}/gu, '')
    const { id, slots, waiting, perSecond, busyMs, busy } = row
    const counts = [String(slots), String(waiting), perSecond.toFixed(1)]
    return processLine(id, plain, ...counts, duration(busyMs), `${Math.round(busy * 100)} %`)
  })
  return [head, ...(lines.length > 0 ? lines : ['none yet: heddle spawn FILE'])]
}

function processLine(id: string, name: string, ...cells: readonly string[]): string {
  const width = 20
  const shown = clip(name, width - 2).padEnd(width)
  return `${clip(id, 12).padEnd(14)}${shown}${cells.map((text) => text.padStart(9)).join('')}`
}

/** Evaluated messages a second, the newest at the right end. */
function sparkline(samples: readonly Sample[], width: number): string {
  const shown = samples.slice(-width).map(({ evaluatedPerSecond }) => evaluatedPerSecond)
  const most = Math.max(1, ...shown)
  const at = (value: number) => sparks[Math.round((value / most) * (sparks.length - 1))]
  return shown.map(at).join('')
}

function rateSince(now: Reading, before: Reading | undefined, name: string): number {
  if (before === undefined) return 0
  const change = sumOf(now.series, name) - sumOf(before.series, name)
  return Math.max(0, change / secondsBetween(now, before))
}

/** Mean of a histogram since the reading before, or since the start; null where nothing happened. */
function meanSince(now: Series, before: Series | undefined, name: string): number | null {
  const since = (key: string) => sumOf(now, key) - (before === undefined ? 0 : sumOf(before, key))
  const count = since(`${name}_count`)
  return count > 0 ? (since(`${name}_sum`) / count) * 1000 : null
}

function secondsBetween(now: Reading, before: Reading | undefined): number {
  return Math.max(0.001, (now.atMs - (before?.atMs ?? now.atMs)) / 1000)
}

function uptime({ series, atMs }: Reading): string {
  const startMs = sumOf(series, 'process_start_time_seconds') * 1000
  const seconds = Math.max(0, Math.round((atMs - startMs) / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`
}

/** The node's time, UTC. */
function clockTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(11, 19)}Z`
}

function rate(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)}/s`
}

function duration(ms: number): string {
  if (ms >= 10_000) return `${Math.round(ms / 1000)} s`
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}

function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = count < 1 ? 0 : Math.min(4, Math.floor(Math.log2(count) / 10))
  const value = count / 1024 ** step
  return `${step > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[step]}`
}

function row(label: string, text: string): string {
  return label.padEnd(labelWidth) + text
}

function spread(left: string, right: string, { columns }: Size): string {
  return left + right.padStart(Math.max(2 + right.length, columns - left.length))
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`
}
