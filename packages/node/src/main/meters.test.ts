import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openJournal } from '../journal/index.ts'
import { createLog, createMetrics } from '../observe/index.ts'
import { createRuntime } from '../runtime/index.ts'
import { measureWideLane, noteAnswers, timedLog } from './meters.ts'

const runtime = createRuntime()

it('times appends that became durable, and none that were refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'heddle-meters-'))
  const metrics = createMetrics()
  const journal = await openJournal(folder, runtime)
  const log = timedLog(journal, 'test', metrics, runtime.clock)
  const epoch = await log.claim()
  await log.append('a', 0, epoch, [Uint8Array.of(1)])
  await expect(log.append('a', 0, epoch, [Uint8Array.of(2)])).rejects.toThrow()
  expect(log.head('a')).toBe(1)
  expect(await log.read('a', 0, 1)).toHaveLength(1)
  expect(await metrics.text()).toContain('heddle_journal_commit_seconds_count{journal="test"} 1')
  await log.close()
  rmSync(folder, { recursive: true })
})

it('counts answers by room and class of status', async () => {
  const metrics = createMetrics()
  const note = noteAnswers(metrics, createLog('silent'))
  const answered = { id: 'r-1', method: 'GET', route: '/x', elapsedMs: 3 }
  note({ ...answered, room: 'compute', status: 200 })
  note({ ...answered, room: 'compute', status: 204 })
  note({ ...answered, room: 'compute', status: 503 })
  const text = await metrics.text()
  expect(text).toContain('heddle_http_requests_total{room="compute",status="2xx"} 2')
  expect(text).toContain('heddle_http_requests_total{room="compute",status="5xx"} 1')
  expect(text).toContain('heddle_http_request_seconds_count{room="compute"} 3')
})

it('has a value for the wide lane before there is one', async () => {
  const metrics = createMetrics()
  measureWideLane(metrics, 24, () => 3)
  const text = await metrics.text()
  expect(text).toContain('heddle_da_storers 24')
  expect(text).toContain('heddle_da_certificates 3')
  expect(text).toContain('heddle_da_bytes_total 0')
})
