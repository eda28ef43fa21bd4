import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createItem, verifyItem } from '@heddle/protocol/item'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type OrderedLog, openJournal } from '../../journal/index.ts'
import { createRuntime, nodeCrypto } from '../../runtime/index.ts'
import { createCompute } from '../compute.ts'
import type { Compute } from '../face.ts'
import { buildModule, int, long, types } from '../prepare/testing/build-module.ts'
import { FakeItems, FakeLog, testMessage, testProcess, testSigner } from '../testing/fake-log.ts'

const { i32, i64 } = types
const computeLimit = 50_000_000
const replyAt = 128
const reply = '{"ok":true,"response":{"Output":{"data":"0"},"Messages":[]}}'

function write(at: number, text: string): number[] {
  return [...text].flatMap((letter, i) => [
    ...[...int(at + i), ...int(letter.charCodeAt(0)), 0x3a, 0, 0],
  ])
}

/** Runs `code` where the message's data begins with `letter`. */
function where(letter: string, code: number[]): number[] {
  return [...int(64), 0x2d, 0, 0, ...int(letter.charCodeAt(0)), 0x46, 0x04, 0x40, ...code, 0x0b]
}

/** Counts in a global; L loops without an end, T traps, R recurses without an end. */
function counter(): Uint8Array {
  const readData = [...write(4096, 'Data'), ...int(4096), ...int(4), ...int(64), ...int(1), 0x10, 0]
  const count = [0x23, 0, ...int(1), 0x6a, 0x24, 0, ...write(replyAt, reply)]
  const digitAt = replyAt + reply.indexOf('0')
  const show = [...int(digitAt), 0x23, 0, ...int(48), 0x6a, 0x3a, 0, 0]
  const fates = [
    ...where('L', [0x03, 0x40, 0x0c, 0, 0x0b]),
    ...where('T', [0x00]),
    ...where('R', [0x20, 0, 0x20, 1, 0x10, 2, 0x1a]),
  ]
  const answer = long(replyAt * 2 ** 32 + reply.length)
  return buildModule({
    imports: [{ space: 'heddle', name: 'field', params: [i32, i32, i32, i32], results: [i32] }],
    functions: [
      { params: [i32], results: [i32], code: int(8192), name: 'allocate' },
      {
        params: [i32, i32],
        results: [i64],
        code: [...readData, 0x1a, ...count, ...show, ...fates, ...answer],
        name: 'handle',
      },
    ],
    globals: [[i32, ...int(0)]],
  })
}

let folder: string
let results: OrderedLog
let compute: Compute
let process: string
const log = new FakeLog()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'heddle-compute-raw-'))
  const items = new FakeItems()
  const tags = [
    { name: 'Type', value: 'Module' },
    { name: 'Module-Format', value: 'wasm32-unknown-raw-heddle1' },
    { name: 'Compute-Limit', value: String(computeLimit) },
  ]
  const module = items.add(await createItem({ data: counter(), tags }, testSigner(9), nodeCrypto))
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
    { workers: 1, preparedFolder: join(folder, 'prepared') },
  )
  const item = await testProcess(module.id, 'boot')
  process = item.id
  await log.append(process, item)
})

afterAll(async () => {
  await compute.close()
  await results.close()
  await rm(folder, { recursive: true })
})

async function tell(data: string) {
  const item = await testMessage(process, data)
  return (await compute.result(process, await log.append(process, item))).result
}

test('failed messages say why, what they took, and leave no trace', async () => {
  const first = await tell('x')
  expect(first).toMatchObject({ Output: { data: '2' } })
  expect(first.GasUsed).toBeGreaterThan(100)
  const endless = await tell('L')
  expect(endless.Error).toMatch(/^out of gas: the message takes more than 50000000 units/)
  expect(endless.GasUsed).toBe(computeLimit)
  expect((await tell('T')).Error).toBe('the module failed: it executed unreachable code')
  expect((await tell('R')).Error).toMatch(/^stack overflow/)
  const next = await tell('x')
  expect(next).toMatchObject({ Output: { data: '3' }, GasUsed: first.GasUsed })
})
