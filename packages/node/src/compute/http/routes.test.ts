import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { schedulerSigner, testMessage, testProcess } from '../testing/fake-log.ts'
import { bytesOf, startTestUnit, type TestUnit } from '../testing/test-unit.ts'

type Connection = {
  pageInfo: { hasNextPage: boolean }
  edges: { node: { Output: unknown }; cursor: string }[]
}

let unit: TestUnit
let process: string

beforeAll(async () => {
  unit = await startTestUnit()
  process = await unit.spawn()
  for (let i = 0; i < 10; i++) await unit.send(process, { op: 'add', n: 1 })
  await unit.compute.result(process, 10)
})

afterAll(async () => {
  await unit.close()
})

async function list(query: Record<string, string> = {}, path = 'results'): Promise<Connection> {
  const { status, body } = await unit.get(`/${path}/${process}`, query)
  expect(status).toBe(200)
  return body as Connection
}

const slotsOf = ({ edges }: Connection) =>
  edges.map(({ cursor }) => Number(JSON.parse(atob(cursor)).ordinate))

test('the root tells the address', async () => {
  const { body } = await unit.get('/')
  expect(body).toEqual({ address: 'A'.repeat(43), timestamp: expect.any(Number) })
})

test('a result by message id, assignment id and process id', async () => {
  const entry = unit.log.entriesOf.get(process)?.[3]?.assignment
  for (const id of [entry?.messageId ?? '', entry?.item.id ?? '']) {
    const { status, body, headers } = await unit.get(`/result/${id}`, { 'process-id': process })
    expect(status).toBe(200)
    expect(headers).toEqual({ 'x-heddle-slot': '3' })
    expect(body).toEqual({ Messages: [], Spawns: [], Assignments: [], Output: 13, GasUsed: 0 })
  }
  const boot = await unit.get(`/result/${process}`, { 'process-id': process })
  expect(boot.body).toMatchObject({ Output: 'booted' })
})

test('errors carry error, Error and code', async () => {
  const id = 'x'.repeat(43)
  const cases: [ReturnType<TestUnit['get']>, number, string][] = [
    [unit.get(`/result/${id}`), 400, 'request-invalid'],
    [unit.get(`/result/${id}`, { 'process-id': id }), 404, 'unknown-process'],
    [unit.get(`/result/${id}`, { 'process-id': process }), 404, 'unknown-message'],
    [unit.get(`/results/${id}`), 404, 'unknown-process'],
    [unit.get(`/cron/${id}`), 404, 'unknown-process'],
    [unit.get(`/state/${id}`), 404, 'unknown-process'],
    [unit.get(`/results/${process}`, { limit: '-1' }), 400, 'request-invalid'],
    [unit.get(`/results/${process}`, { limit: '0' }), 400, 'request-invalid'],
    [unit.get(`/results/${process}`, { sort: 'UP' }), 400, 'request-invalid'],
    [unit.get(`/results/${process}`, { from: '???' }), 400, 'request-invalid'],
    [unit.post('/dry-run', {}, {}), 400, 'request-invalid'],
    [unit.post('/dry-run', { 'process-id': process }, []), 400, 'dry-run-invalid'],
    [unit.post('/dry-run', { 'process-id': process }, { Tags: [1] }), 400, 'dry-run-invalid'],
  ]
  for (const [reply, status, code] of cases) {
    const { status: got, body } = await reply
    expect(got).toBe(status)
    expect(body).toMatchObject({ code, error: expect.any(String), Error: expect.any(String) })
  }
})

test('pages of results, upwards by from and downwards by to', async () => {
  const up: number[] = []
  let page = await list({ limit: '4' })
  for (;;) {
    up.push(...slotsOf(page))
    if (!page.pageInfo.hasNextPage) break
    page = await list({ limit: '4', from: page.edges.at(-1)?.cursor ?? '' })
  }
  expect(up).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])

  const first = await list({ limit: '3', sort: 'DESC' })
  expect(slotsOf(first)).toEqual([10, 9, 8])
  expect(first.pageInfo.hasNextPage).toBe(true)
  // `to` includes its own slot; the sort comes with the cursor.
  const second = await list({ limit: '3', to: first.edges.at(-1)?.cursor ?? '' })
  expect(slotsOf(second)).toEqual([8, 7, 6])
  // What is newer than a cursor, as aos polls: `from` is a lower bound in either sort.
  const newer = await list({ from: first.edges.at(-1)?.cursor ?? '' })
  expect(slotsOf(newer)).toEqual([10, 9])
})

test('timestamps stand for cursors', async () => {
  const atMs = 1_700_000_000_000 + 4000
  expect(slotsOf(await list({ from: String(atMs), limit: '2' }))).toEqual([4, 5])
  expect(slotsOf(await list({ to: String(atMs) }))).toEqual([0, 1, 2, 3, 4])
  expect(slotsOf(await list({ from: '9999999999999' }))).toEqual([])
  expect(slotsOf(await list({ limit: '5000' }))).toHaveLength(11)
})

test('a cursor is base64 JSON that clients can read', async () => {
  const { edges } = await list({ limit: '1', sort: 'DESC' })
  const cursor = JSON.parse(atob(edges[0]?.cursor ?? ''))
  expect(cursor).toEqual({ timestamp: 1_700_000_010_000, ordinate: '10', sort: 'DESC' })
})

test('cron results alone', async () => {
  const item = await testProcess(unit.moduleId)
  await unit.log.append(item.id, item)
  for (let i = 0; i < 6; i++) {
    const tags = i % 2 === 0 ? [{ name: 'Cron-Tick', value: '1-second' }] : []
    const message = await testMessage(item.id, { op: 'add', n: 1 }, tags, schedulerSigner)
    await unit.log.append(item.id, message)
  }
  const { body } = await unit.get(`/cron/${item.id}`, { limit: '2' })
  const page = body as Connection
  expect(page.pageInfo.hasNextPage).toBe(true)
  const cursors = page.edges.map(({ cursor }) => JSON.parse(atob(cursor)))
  expect(cursors).toMatchObject([
    { ordinate: '1', cron: '1-second' },
    { ordinate: '3', cron: '1-second' },
  ])
  const rest = await unit.get(`/cron/${item.id}`, { from: page.edges.at(-1)?.cursor ?? '' })
  expect(slotsOf(rest.body as Connection)).toEqual([5])
})

test('a dry-run sees what was acknowledged and leaves nothing', async () => {
  const own = await unit.spawn()
  const query = { 'process-id': own }
  for (let i = 0; i < 30; i++) await unit.send(own, { op: 'add', n: 0 })
  await unit.send(own, { op: 'add', n: 7 })
  const before = await memoryOf(own)
  const add = { Id: '1234', Owner: 'me', Data: JSON.stringify({ op: 'add', n: 1 }) }
  const replies = await Promise.all([1, 2, 3].map(() => unit.post('/dry-run', query, add)))
  for (const { status, body } of replies) {
    expect(status).toBe(200)
    expect(body).toMatchObject({ Output: 22 })
  }
  const fault = await unit.post('/dry-run', query, { Data: JSON.stringify({ op: 'fault', n: 1 }) })
  expect(fault.body).toMatchObject({ Error: expect.stringMatching(/trap/) })
  const after = await memoryOf(own)
  expect(after.equals(before)).toBe(true)
  expect((await unit.ask(own, { op: 'read' })).Output).toBe(7)
})

test('a dry-run message is filled in from the newest evaluation', async () => {
  const body = {
    Owner: 'me',
    Tags: [
      { name: 'From-Process', value: 'p' },
      { name: 'Owner', value: 'spoof' },
    ],
    Data: JSON.stringify({ op: 'echo' }),
  }
  const reply = await unit.post('/dry-run', { 'process-id': process }, body)
  expect(reply.body).toMatchObject({
    Output: {
      From: 'p',
      'Forwarded-By': 'me',
      Owner: 'me',
      Target: process,
      'Read-Only': true,
      Timestamp: 1_700_000_010_000,
      'Block-Height': 110,
      Tags: [{ name: 'From-Process', value: 'p' }],
    },
  })
})

test('an endless dry-run ends by itself and disturbs nobody; too many are refused', async () => {
  await unit.restart({ dryRunsPerPeer: 2 })
  const query = { 'process-id': process }
  const loop = { Data: JSON.stringify({ op: 'loop' }) }
  const [first, second, third] = await Promise.all([
    unit.post('/dry-run', query, loop),
    unit.post('/dry-run', query, { Data: JSON.stringify({ op: 'read' }) }),
    unit.post('/dry-run', query, loop),
  ])
  expect(first?.body).toMatchObject({ Error: expect.stringMatching(/took longer than/) })
  expect(second?.body).toMatchObject({ Output: 29_524 })
  expect(third).toMatchObject({ status: 429, body: { code: 'dry-runs-exhausted' } })
})

test('a slot that takes longer than the patience is a 503, never an empty result', async () => {
  await unit.restart({ resultPatienceMs: 50 })
  const path = join(unit.folder, 'go on')
  const message = await testMessage(process, { op: 'until', path })
  await unit.log.append(process, message)
  const query = { 'process-id': process }
  const early = await unit.get(`/result/${message.id}`, query)
  expect(early).toMatchObject({ status: 503, body: { code: 'evaluation-pending' } })
  await writeFile(path, '')
  await unit.compute.result(process, 11)
  await unit.restart()
  expect((await unit.get(`/result/${message.id}`, query)).status).toBe(200)
})

test('raw memory comes with its headers', async () => {
  const { headers, body } = await unit.get(`/state/${process}`)
  expect(headers).toMatchObject({
    'content-type': 'application/octet-stream',
    'Last-Ordinate': '11',
    'Last-Timestamp': '1700000011000',
    'Last-Block-Height': '111',
  })
  expect(headers).toMatchObject({ 'content-length': '65536' })
  expect(await bytesOf(body)).toHaveLength(65_536)
})

test('the list of processes shows how far each is', async () => {
  const { body } = await unit.get('/processes', { limit: '1' })
  expect(body).toMatchObject({
    total: 3,
    processes: [
      {
        process,
        module: unit.moduleId,
        slots: 12,
        evaluated: 12,
        backlog: 0,
        live: true,
        worker: 0,
        stopped: null,
        lastError: null,
      },
    ],
  })
})

test('the newest error of a process is its text', async () => {
  const own = await unit.spawn()
  const slot = await unit.send(own, { op: 'fault', n: 1 })
  await unit.compute.result(own, slot)
  const { lastError } = await unit.compute.status(own)
  expect(lastError).toEqual({ slot, text: expect.stringMatching(/^[^{]*trap/) })
})

async function memoryOf(processId: string): Promise<Buffer> {
  return await bytesOf((await unit.get(`/state/${processId}`)).body)
}
