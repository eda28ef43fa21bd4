import { afterEach, expect, test } from 'vitest'
import { modelSum } from './testing/ledger-model.ts'
import type { TestCommand } from './testing/test-guest.ts'
import { startTestUnit, type TestUnit } from './testing/test-unit.ts'

let unit: TestUnit

afterEach(async () => {
  await unit.close()
})

/** Killed so many times; a long run is asked for by the environment. */
const crashRounds = Number(process.env.HEDDLE_HIBERNATE_ROUNDS ?? 2)

type Row = {
  readonly process: string
  readonly live: boolean
  readonly backlog: number
  readonly stateBytes: number | null
  readonly memoryBytes: number
  readonly cost: { readonly evaluations: number; readonly elapsedMs: number }
}
type Page = {
  readonly total: number
  readonly live: number
  readonly cursor: string | null
  readonly processes: readonly Row[]
}

async function page(query: Record<string, string>): Promise<Page> {
  const { body } = await unit.get('/processes', query)
  return body as Page
}

async function spawnMany(count: number): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < count; i++) ids.push(await unit.spawn())
  return ids
}

function at(ids: readonly string[], i: number): string {
  return ids[i] ?? ''
}

test('far more actors than have room all answer, each with its own state', async () => {
  unit = await startTestUnit({ hotBytesMax: 3 * 2 ** 20, workers: 2 })
  const ids = await spawnMany(60)
  for (const [i, id] of ids.entries()) await unit.send(id, { op: 'add', n: i })
  for (const round of [1, 2]) {
    const asked = ids.map((id) => unit.ask(id, { op: 'add', n: round }))
    const sums = (await Promise.all(asked)).map(({ Output }) => Output)
    expect(sums).toEqual(ids.map((_, i) => (round === 1 ? 3 * i + 1 : 9 * i + 5)))
  }
  // Who leaves is there until the disk has it.
  await expect.poll(async () => (await page({ limit: '1000' })).live).toBeLessThan(30)
  const { total, live, processes } = await page({ limit: '1000' })
  expect(total).toBe(60)
  expect(processes.filter((row) => row.live)).toHaveLength(live)
  expect(processes.filter((row) => !row.live && row.memoryBytes > 0)).toEqual([])
})

test('processes are listed in pages, with what they hold and cost', async () => {
  unit = await startTestUnit()
  const ids = await spawnMany(7)
  for (const id of ids) await unit.ask(id, { op: 'busy', ms: 3 })
  // What a process holds is told after its result.
  const held = async () => (await page({ limit: '7' })).processes.map((row) => row.stateBytes)
  await expect.poll(held).not.toContain(null)
  const seen: Row[] = []
  let cursor: string | null = '0'
  while (cursor !== null) {
    const next: Page = await page({ limit: '3', cursor })
    seen.push(...next.processes)
    cursor = next.cursor
  }
  expect(seen.map((row) => row.process)).toEqual(ids)
  for (const row of seen) {
    expect(row).toMatchObject({ live: true, backlog: 0, stateBytes: 65_536 })
    expect(row.memoryBytes).toBeGreaterThan(65_536)
    expect(row.cost.evaluations).toBe(2)
    expect(row.cost.elapsedMs).toBeGreaterThanOrEqual(3)
  }
  expect((await unit.get('/processes', { cursor: 'x' })).status).toBe(400)
})

test('a flood to one process does not hold up the others', async () => {
  unit = await startTestUnit()
  const [flooded = '', quiet = ''] = await spawnMany(2)
  await unit.ask(quiet, { op: 'add', n: 1 })
  // The log fills while nobody evaluates, so all of it is there at once.
  unit.log.detach()
  for (let i = 0; i < 400; i++) await unit.send(flooded, { op: 'busy', ms: 1 })
  const slot = await unit.send(quiet, { op: 'turn' })
  await unit.restart()
  const { Output } = (await unit.compute.result(quiet, slot)).result
  expect(Output).toBeLessThan(300)
  await unit.compute.result(flooded, 400)
})

test('a process that never rests gives way to those who wait for room', async () => {
  unit = await startTestUnit({ hotProcessesMax: 1, batchMessages: 4 })
  const [flooded = '', quiet = ''] = await spawnMany(2)
  await unit.ask(quiet, { op: 'add', n: 1 })
  unit.log.detach()
  for (let i = 0; i < 200; i++) await unit.send(flooded, { op: 'add', n: 1 })
  const slot = await unit.send(quiet, { op: 'turn' })
  await unit.restart()
  expect((await unit.compute.result(quiet, slot)).result.Output).toBeLessThan(200)
  const { Output } = (await unit.compute.result(flooded, 200)).result
  expect(Output).toBe(modelSum(Array.from({ length: 200 }, () => ({ op: 'add', n: 1 }) as const)))
})

test('killed while some fall asleep and others wake, nothing is lost', async () => {
  unit = await startTestUnit({ hotProcessesMax: 2, batchMessages: 2, workers: 2 })
  const ids = await spawnMany(6)
  const sent = ids.map((): TestCommand[] => [])
  for (let round = 0; round < crashRounds; round++) {
    for (let i = 0; i < 24; i++) {
      const which = (i * 5 + round) % ids.length
      const command: TestCommand = i % 7 === 3 ? { op: 'fail', n: i } : { op: 'add', n: i }
      sent[which]?.push(command)
      await unit.send(at(ids, which), command)
    }
    // Somewhere in the middle of it.
    await unit.compute.result(at(ids, round % ids.length), 1 + round)
    const shown = await Promise.all(ids.map((id) => unit.compute.evaluations(id, 0, 1000)))
    await unit.crash()
    for (const [i, id] of ids.entries()) {
      await unit.compute.result(id, unit.log.head(id) - 1)
      const now = await unit.compute.evaluations(id, 0, 1000)
      expect(now).toHaveLength(unit.log.head(id))
      expect(now.slice(0, shown[i]?.length)).toEqual(shown[i])
    }
  }
  for (const [i, id] of ids.entries()) {
    expect((await unit.ask(id, { op: 'read' })).Output).toBe(modelSum(sent[i] ?? []))
  }
})

test('dry-runs beside a flood are answered, and too many of one caller are refused', async () => {
  unit = await startTestUnit({ dryRunsPerPeer: 2 })
  const [flooded = '', quiet = ''] = await spawnMany(2)
  await unit.ask(quiet, { op: 'add', n: 4 })
  // It goes on until they are answered.
  let isAnswered = false
  const backlog = () => unit.log.head(flooded) - unit.compute.evaluatedHead(flooded)
  const flood = async () => {
    while (!isAnswered) {
      if (backlog() < 100) await unit.send(flooded, { op: 'busy', ms: 10 })
      else await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const flooding = flood()
  const run = () =>
    unit.post('/dry-run', { 'process-id': quiet }, { Data: JSON.stringify({ op: 'read' }) })
  const answers = await Promise.all([run(), run(), run()])
  isAnswered = true
  await flooding
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429])
  const refused = answers.find(({ status }) => status === 429)
  expect(refused?.body).toMatchObject({ code: 'dry-runs-exhausted' })
  expect(answers.find(({ status }) => status === 200)?.body).toMatchObject({ Output: 4 })
})
