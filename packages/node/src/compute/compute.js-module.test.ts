import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyItem } from '@heddle/protocol/item'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OrderedLog, openJournal } from '../journal/index.ts'
import { createRuntime, nodeCrypto } from '../runtime/index.ts'
import { createCompute } from './compute.ts'
import type { Compute } from './face.ts'
import { buildJsModule } from './guest-js/index.ts'
import { FakeItems, FakeLog, testMessage, testProcess } from './testing/fake-log.ts'

const source = `
let count = 0
on('Inc', (msg) => { count += Number(msg.tags.By ?? 1); msg.reply({ data: String(count) }) })
on('Break', () => { count = 1000; throw new Error('broken on purpose') })
on('Loop', () => { count = 2000; for (;;); })
on('Work', () => { for (let i = 0; i < 2_000_000; i++); })
`

let folder: string
let results: OrderedLog
let compute: Compute
let process: string
let neighbour: string
const log = new FakeLog()
const items = new FakeItems()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-compute-js-'))
  const module = items.add(await buildJsModule(nodeCrypto, createRuntime().disk))
  await start()
  process = await spawn(module.id)
  neighbour = await spawn(module.id)
})

async function spawn(moduleId: string): Promise<string> {
  // Steps: a tenth of what an endless message takes otherwise.
  const limit = { name: 'Compute-Limit', value: '10000000' }
  const item = await testProcess(moduleId, source, [limit])
  await log.append(item.id, item)
  return item.id
}

afterAll(async () => {
  await compute.close()
  await results.close()
  await rm(folder, { recursive: true })
})

async function start(): Promise<void> {
  const runtime = createRuntime()
  results = await openJournal(join(folder, 'results'), runtime)
  compute = await createCompute(
    {
      log,
      items,
      verify: (item) => verifyItem(item, nodeCrypto),
      results,
      checkpointFolder: join(folder, 'checkpoints'),
      runtime,
      engine: nodeCrypto,
      address: 'A'.repeat(43),
    },
    { workers: 1 },
  )
}

async function send(processId: string, action: string): Promise<number> {
  const message = await testMessage(processId, ' ', [{ name: 'Action', value: action }])
  return await log.append(processId, message)
}

async function ask(action: string, processId = process) {
  const slot = await send(processId, action)
  return (await compute.result(processId, slot)).result
}

test('a real actor keeps its state through errors, endless loops and a restart', async () => {
  expect((await ask('Inc')).Messages[0]?.Data).toBe('1')
  expect((await ask('Break')).Error).toMatch(/broken on purpose/)
  expect((await ask('Inc')).Messages[0]?.Data).toBe('2')
  expect((await ask('Loop')).Error).toMatch(/compute limit|took longer/)
  expect((await ask('Inc')).Messages[0]?.Data).toBe('3')
  await compute.close()
  await results.close()
  log.detach()
  await start()
  const dryRun = await compute.dryRun(process, {
    Owner: 'me',
    Data: ' ',
    Tags: [{ name: 'Action', value: 'Inc' }],
  })
  expect(dryRun, JSON.stringify(dryRun)).not.toHaveProperty('Error')
  expect(dryRun.Messages[0]?.Data).toBe('4')
  expect((await ask('Inc')).Messages[0]?.Data).toBe('4')
})

test('a process whose messages are long is taken off the thread where others wait', async () => {
  expect((await ask('Inc', neighbour)).Messages[0]?.Data).toBe('1')
  await ask('Work')
  // What it did before came along.
  expect((await ask('Inc')).Messages[0]?.Data).toBe('5')
  const slot = await send(process, 'Work')
  // More than any pause of the neighbour's thread; the end of the unit spares what is left.
  for (let i = 0; i < 30; i++) await send(process, 'Work')
  expect((await ask('Inc', neighbour)).Messages[0]?.Data).toBe('2')
  expect(compute.evaluatedHead(process)).toBeLessThan(log.head(process))
  expect((await compute.status(neighbour)).worker).toBe(0)
  expect((await compute.status(process)).worker).toBe(1)
  expect((await compute.result(process, slot)).result).not.toHaveProperty('Error')
})
