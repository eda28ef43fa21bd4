import { describe, expect, it } from 'vitest'
import { parseMetrics, sumOf } from './metrics-text.ts'
import type { Reading, Sample } from './readings.ts'
import { drawNode } from './view.ts'

const text = `# HELP heddle_http_requests_total HTTP requests answered
# TYPE heddle_http_requests_total counter
heddle_http_requests_total{room="compute",status="2xx"} 10
heddle_http_requests_total{room="gateway",status="5xx"} 2
heddle_letters_delivered_total 7
heddle_disk_used_bytes 2097152
process_start_time_seconds 90
not a metric at all
`

function sample(evaluatedPerSecond: number): Sample {
  return {
    atMs: 100_000,
    scheduledPerSecond: 3,
    evaluatedPerSecond,
    backlogSlots: 4,
    latencyMedianMs: 2,
    latencyHighMs: null,
    processes: 30,
    height: 5,
  }
}

function reading(atMs: number, evaluated: number, more = ''): Reading {
  const processes = Array.from({ length: 30 }, (_, at) => ({
    id: `${at}`.padEnd(43, 'x'),
    name: at === 7 ? 'busy\u001b[31m one with a very long name indeed' : `p${at}`,
    slots: 100,
    evaluated: at === 7 ? evaluated : 100,
    busyMs: at === 7 ? evaluated * 10 : 0,
  }))
  const samples = Array.from({ length: 200 }, (_, at) => sample(at))
  const peers = [{ url: 'http://peer', state: 'away' as const }]
  const series = parseMetrics(text + more)
  return { atMs, version: '1.2.3', url: 'http://node', samples, peers, processes, series }
}

describe('metrics text', () => {
  it('sums a name over its labels, or those of one label', () => {
    const series = parseMetrics(text)
    expect(sumOf(series, 'heddle_http_requests_total')).toBe(12)
    expect(sumOf(series, 'heddle_http_requests_total', 'status="5xx"')).toBe(2)
    expect(sumOf(series, 'heddle_http_requests')).toBe(0)
    expect(series.size).toBe(5)
  })
})

describe('the view', () => {
  it.each([
    { columns: 80, rows: 24 },
    { columns: 40, rows: 10 },
    { columns: 200, rows: 60 },
  ])('fits $columns by $rows', (size) => {
    const lines = drawNode(reading(102_000, 90), reading(100_000, 50), size)
    expect(lines.length).toBeLessThanOrEqual(size.rows)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(size.columns)
  })

  it('puts first what costs most, in rates since the last look', () => {
    const more = 'heddle_http_requests_total{room="su",status="2xx"} 20\n'
    const lines = drawNode(reading(102_000, 90, more), reading(100_000, 50), {
      columns: 80,
      rows: 24,
    })
    const shown = lines.join('\n')
    expect(shown).toContain('3.0/s scheduled   199/s evaluated   4 waiting')
    expect(shown).toContain('median 2.0 ms   99 % –')
    expect(shown).toMatch(/http +10\/s requests .* 2 failed/)
    expect(shown).toContain('http://peer away')
    expect(shown).toContain('2.0 MiB used')
    expect(lines[0]).toMatch(/^heddle 1\.2\.3 {2}http:\/\/node .*up 12 s/)
    const first = lines[lines.findIndex((line) => line.startsWith('PROCESS')) + 1]
    expect(first).toMatch(/^7xxx.*busy.* 100 +10 +20\.0 +900 ms +20 %$/)
    expect(shown).not.toContain('\u001b')
  })

  it('shows a node that has just started', () => {
    const empty = { ...reading(90_000, 0), samples: [], processes: [], peers: [] }
    const shown = drawNode(empty, undefined, { columns: 80, rows: 24 }).join('\n')
    expect(shown).toContain('nothing measured yet')
    expect(shown).toContain('none yet: heddle spawn FILE')
  })
})
