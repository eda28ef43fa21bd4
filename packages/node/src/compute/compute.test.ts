import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isHeddleError } from '@heddle/protocol/base'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { testItem, testMessage, testModule, testProcess, testSigner } from './testing/fake-log.ts'
import { startTestUnit, type TestUnit } from './testing/test-unit.ts'

let unit: TestUnit

beforeEach(async () => {
  unit = await startTestUnit()
})

afterEach(async () => {
  await unit.close()
})

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'no error'
  } catch (error) {
    return isHeddleError(error) ? error.code : String(error)
  }
}

test('evaluates every slot in order and keeps state between messages', async () => {
  const process = await unit.spawn()
  const told: number[] = []
  unit.compute.onEvaluated((_, slot) => told.push(slot))
  let sum = 0
  for (let n = 1; n <= 20; n++) {
    await unit.send(process, { op: 'add', n })
    sum = (sum * 3 + n) % 1e9
  }
  const last = await unit.compute.result(process, 20)
  expect(last.result.Output).toBe(sum)
  expect(unit.compute.evaluatedHead(process)).toBe(21)
  expect(told).toEqual(Array.from({ length: 21 }, (_, i) => i))
  const all = await unit.compute.evaluations(process, 0, 100)
  expect(all.map((each) => each.slot)).toEqual(told)
})

test('many processes on two threads do not mix', async () => {
  await unit.close()
  unit = await startTestUnit({ workers: 2, batchMessages: 3 })
  const processes = await Promise.all(Array.from({ length: 12 }, () => unit.spawn()))
  await Promise.all(
    processes.flatMap((process, i) =>
      Array.from({ length: 10 }, () => unit.send(process, { op: 'add', n: i })),
    ),
  )
  const sums = await Promise.all(processes.map((process) => unit.ask(process, { op: 'read' })))
  sums.forEach(({ Output }, i) => {
    expect(Output).toBe((i * (3 ** 10 - 1)) / 2)
  })
})

test('unknown process, slot and a patience that ends are told apart', async () => {
  const nobody = 'x'.repeat(43)
  expect(await codeOf(unit.compute.result(nobody, 0))).toBe('unknown-process')
  expect(await codeOf(unit.compute.dryRun(nobody, {}))).toBe('unknown-process')
  const process = await unit.spawn()
  expect(await codeOf(unit.compute.result(process, 5))).toBe('unknown-message')
  const path = join(unit.folder, 'go on')
  const slot = await unit.send(process, { op: 'until', path })
  const patience = AbortSignal.timeout(50)
  expect(await codeOf(unit.compute.result(process, slot, patience))).toBe('evaluation-pending')
  await writeFile(path, '')
  expect((await unit.compute.result(process, slot)).result.Error).toBeUndefined()
})

test('a failed boot leaves a fresh process, and says why', async () => {
  const process = await unit.spawn('bad boot')
  expect((await unit.compute.result(process, 0)).result.Error).toBe('boot refused')
  expect((await unit.ask(process, { op: 'read' })).Error).toBe('not booted')
})

test('what a failed message emitted does not count', async () => {
  const process = await unit.spawn()
  const result = await unit.ask(process, { op: 'fail', n: 1 })
  expect(result).toMatchObject({ Error: 'asked to fail', Messages: [], Spawns: [] })
  const emitted = await unit.ask(process, { op: 'emit', target: process, count: 2 })
  expect(emitted).toMatchObject({
    Messages: [
      { Target: process, Anchor: '0', Tags: [{ name: 'Action', value: 'Hi' }], Data: 'hello' },
      { Target: process },
    ],
    GasUsed: 0,
  })
})

test('a process waits for its module and boots when it comes', async () => {
  const module = await testItem([{ name: 'Module-Format', value: 'test-ledger' }], 'late')
  const item = await testProcess(module.id)
  await unit.log.append(item.id, item)
  await unit.send(item.id, { op: 'add', n: 4 })
  const refused = unit.compute.result(item.id, 0)
  await expect(refused).rejects.toThrow(/unknown module .*heddle module add/)
  expect(unit.compute.evaluatedHead(item.id)).toBe(0)
  unit.items.add(module)
  await expect.poll(() => unit.compute.evaluatedHead(item.id)).toBe(2)
  expect((await unit.compute.result(item.id, 1)).result.Output).toBe(4)
})

test('a module that can never run is every message’s error', async () => {
  for (const module of [await testModule('bad'), await testModule('good', 'no-such-format')]) {
    unit.items.add(module)
    const item = await testProcess(module.id)
    await unit.log.append(item.id, item)
    const boot = await unit.compute.result(item.id, 0)
    expect(boot.result.Error).toMatch(/cannot run: (invalid module|unknown Module-Format)/)
    expect((await unit.ask(item.id, { op: 'read' })).Error).toBe(boot.result.Error)
    await unit.restart()
    expect((await unit.ask(item.id, { op: 'read' })).Error).toBe(boot.result.Error)
    const dryRun = await unit.compute.dryRun(item.id, { Data: '{"op":"read"}' })
    expect(dryRun.Error).toBe(boot.result.Error)
  }
  const item = await testProcess(unit.moduleId, 'boot', [{ name: 'Memory-Limit', value: 'lots' }])
  await unit.log.append(item.id, item)
  expect((await unit.compute.result(item.id, 0)).result.Error).toMatch(/Memory-Limit "lots"/)
})

test('a process is stopped where its log breaks a rule, and keeps its results', async () => {
  const breaks: [string, (process: string) => Promise<unknown>][] = [
    ['wrong chain', (process) => append(process, { hashChain: 'A'.repeat(43) })],
    ['gap', (process) => append(process, { slot: 7 })],
    ['time', (process) => append(process, { timestampMs: 1 })],
    ['scheduler', (process) => append(process, { signer: testSigner(9) })],
    ['other message', (process) => append(process, { messageId: unit.moduleId })],
    [
      'target',
      async (process) => {
        const elsewhere = await testMessage(unit.moduleId, { op: 'read' })
        await unit.log.append(process, elsewhere)
      },
    ],
    [
      'signature',
      async (process) => {
        const message = await testMessage(process, { op: 'read' })
        const forged = { ...message, data: new Uint8Array([1]) }
        await unit.log.append(process, forged)
      },
    ],
  ]
  async function append(process: string, change: object) {
    await unit.log.append(process, await testMessage(process, { op: 'add', n: 1 }), change)
  }
  for (const [name, breakLog] of breaks) {
    const process = await unit.spawn()
    await unit.send(process, { op: 'add', n: 1 })
    await unit.compute.result(process, 1)
    await breakLog(process)
    expect(await codeOf(unit.compute.result(process, 2)), name).toBe('log-invalid')
    expect(await codeOf(unit.compute.dryRun(process, {})), name).toBe('log-invalid')
    expect((await unit.compute.result(process, 1)).result.Output, name).toBe(1)
    const { body } = await unit.get('/processes')
    const { processes } = body as { processes: { process: string; stopped: unknown }[] }
    const status = processes.find((each) => each.process === process)
    expect(status, name).toMatchObject({ backlog: 1, stopped: { code: 'log-invalid' } })
  }
})

test('good slots before a broken one in the same batch are evaluated', async () => {
  const item = await testProcess(unit.moduleId)
  unit.log.detach()
  await unit.log.append(item.id, item)
  await unit.log.append(item.id, await testMessage(item.id, { op: 'add', n: 1 }))
  const bad = await testMessage(item.id, { op: 'add', n: 1 })
  await unit.log.append(item.id, bad, { timestampMs: 1 })
  await unit.restart()
  expect((await unit.compute.result(item.id, 1)).result.Output).toBe(1)
  expect(await codeOf(unit.compute.result(item.id, 2))).toBe('log-invalid')
})

test('a repeat of a message is not evaluated again', async () => {
  const process = await unit.spawn()
  const message = await testMessage(process, { op: 'add', n: 5 })
  await unit.log.append(process, message)
  unit.items.add(message)
  const slot = await unit.log.append(process, message, { assigned: true })
  const { result } = await unit.compute.result(process, slot)
  expect(result.Error).toMatch(/was evaluated before, at slot 1/)
  expect((await unit.ask(process, { op: 'read' })).Output).toBe(5)
})

test('an assigned item is looked up, and the process waits until it is here', async () => {
  const process = await unit.spawn()
  const tags = [{ name: 'From', value: 'spoof' }]
  const item = await testItem(tags, JSON.stringify({ op: 'echo' }))
  const slot = await unit.log.append(process, item, { assigned: true, exclude: ['Signature'] })
  expect(await codeOf(unit.compute.result(process, slot))).toBe('unknown-item')
  unit.items.add(item)
  await expect.poll(() => unit.compute.evaluatedHead(process)).toBe(2)
  const { Output } = (await unit.compute.result(process, slot)).result
  expect(Output).toMatchObject({ Id: item.id, Message: item.id, Tags: [], Nonce: 1 })
  expect(Output).not.toHaveProperty('Signature')
})

test('readers of a process whose module is not here leave nothing behind that looks for it', async () => {
  const module = await testModule('good', 'test-late')
  const item = await testProcess(module.id)
  await unit.log.append(item.id, item)
  for (let i = 0; i < 40; i++)
    expect(await codeOf(unit.compute.result(item.id, 0))).toBe('unknown-module')
  let looks = 0
  const { item: find } = unit.items
  unit.items.item = async (id) => {
    if (id === module.id) looks++
    return await find.call(unit.items, id)
  }
  await new Promise((resolve) => setTimeout(resolve, 300))
  // One that waits longer and longer, not forty that look every 50 ms.
  expect(looks).toBeLessThan(10)
  unit.items.add(module)
  expect(await codeOf(unit.compute.result(item.id, 0))).not.toBe('unknown-module')
})

test('a cron tick counts only from the scheduler', async () => {
  const item = await testProcess(unit.moduleId, 'boot', [
    { name: 'Cron-Interval', value: '10-seconds' },
    { name: 'Cron-Tag-Action', value: 'Tick' },
  ])
  await unit.log.append(item.id, item)
  const tick = [
    { name: 'Cron-Tick', value: '10-seconds' },
    { name: 'Action', value: 'Tick' },
  ]
  const own = await testMessage(item.id, { op: 'echo' }, tick, testSigner(1))
  const forged = await testMessage(item.id, { op: 'echo' }, tick, testSigner(2))
  const ownSlot = await unit.log.append(item.id, own)
  const forgedSlot = await unit.log.append(item.id, forged)
  const real = await unit.compute.result(item.id, ownSlot)
  expect(real.cron).toBe('10-seconds')
  expect(real.result.Output).toMatchObject({
    Cron: true,
    Tags: expect.arrayContaining([{ name: 'Action', value: 'Tick' }]),
  })
  expect(JSON.stringify(real.result.Output)).not.toContain('Cron-Tick')
  const fake = await unit.compute.result(item.id, forgedSlot)
  expect(fake.cron).toBeUndefined()
  expect(fake.result.Output).toMatchObject({ Cron: false })
})
