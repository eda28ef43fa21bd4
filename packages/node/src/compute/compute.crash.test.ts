import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { testModule, testProcess } from './testing/fake-log.ts'
import { modelSum } from './testing/ledger-model.ts'
import { evaluationTimeoutMs } from './testing/patient-watchdog.ts'
import type { TestCommand } from './testing/test-guest.ts'
import { startTestUnit, type TestUnit } from './testing/test-unit.ts'

let unit: TestUnit

afterEach(async () => {
  await unit.close()
})

async function liveOf(process: string): Promise<boolean> {
  const { body } = await unit.get('/processes')
  const { processes } = body as { processes: { process: string; live: boolean }[] }
  return processes.find((each) => each.process === process)?.live ?? false
}

test('an endless message ends with an error; its process and its neighbour live on', async () => {
  unit = await startTestUnit()
  const process = await unit.spawn()
  const neighbour = await unit.spawn()
  await unit.send(neighbour, { op: 'add', n: 2 })
  await unit.send(process, { op: 'add', n: 1 })
  const slot = await unit.send(process, { op: 'loop' })
  await unit.send(process, { op: 'add', n: 1 })
  const { result } = await unit.compute.result(process, slot)
  expect(result.Error).toBe(`evaluation took longer than ${evaluationTimeoutMs} ms`)
  expect((await unit.ask(process, { op: 'read' })).Output).toBe(4)
  expect((await unit.ask(neighbour, { op: 'read' })).Output).toBe(2)
  await unit.restart()
  expect((await unit.ask(process, { op: 'read' })).Output).toBe(4)
})

test('a module that never starts is its messages’ error', async () => {
  unit = await startTestUnit()
  const neighbour = await unit.spawn()
  await unit.ask(neighbour, { op: 'add', n: 2 })
  const module = unit.items.add(await testModule('hang'))
  const item = await testProcess(module.id)
  await unit.log.append(item.id, item)
  expect((await unit.compute.result(item.id, 0)).result.Error).toMatch(/took longer than/)
  expect((await unit.ask(item.id, { op: 'read' })).Error).toMatch(/took longer than/)
  expect((await unit.ask(neighbour, { op: 'read' })).Output).toBe(2)
})

test('a crash is tried once more alone, then it is the message’s error', async () => {
  unit = await startTestUnit()
  const process = await unit.spawn()
  await unit.send(process, { op: 'add', n: 1 })
  const slot = await unit.send(process, { op: 'crash' })
  await unit.send(process, { op: 'add', n: 1 })
  expect((await unit.compute.result(process, slot)).result.Error).toMatch(/crashed twice/)
  expect((await unit.ask(process, { op: 'read' })).Output).toBe(4)
  const path = join(unit.folder, 'crashed')
  const once = await unit.ask(process, { op: 'crash-once', path })
  expect(once).toMatchObject({ Output: 13 })
  expect((await unit.ask(process, { op: 'read' })).Output).toBe(13)
})

test('continues after a restart, from the log alone and from a checkpoint', async () => {
  unit = await startTestUnit({ checkpointAfterMs: 1 })
  const process = await unit.spawn()
  await unit.send(process, { op: 'busy', ms: 5 })
  await unit.ask(process, { op: 'fail', n: 9 })
  await unit.ask(process, { op: 'add', n: 1 })
  const folder = join(unit.folder, 'checkpoints')
  await expect.poll(() => readdir(folder)).toHaveLength(1)
  await unit.restart()
  expect(await liveOf(process)).toBe(false)
  expect((await unit.ask(process, { op: 'add', n: 1 })).Output).toBe(13)
  // One that is damaged, and one that is of another process, are not used.
  for (const damage of [cut, swap]) {
    await unit.compute.close()
    await damage(join(folder, (await readdir(folder))[0] ?? ''))
    await unit.restart()
    expect((await unit.ask(process, { op: 'read' })).Output).toBe(13)
  }
  async function cut(path: string) {
    await writeFile(path, (await readFile(path)).subarray(0, -1))
  }
  async function swap(path: string) {
    const bytes = await readFile(path)
    const at = bytes.indexOf(process)
    bytes.write(at < 0 ? '' : 'Z', Math.max(0, at))
    await writeFile(path, bytes)
  }
})

test('a checkpoint beyond the durable results is not used', async () => {
  unit = await startTestUnit({ checkpointAfterMs: 1 })
  const process = await unit.spawn()
  await unit.ask(process, { op: 'busy', ms: 5 })
  await unit.ask(process, { op: 'add', n: 1 })
  const folder = join(unit.folder, 'checkpoints')
  await expect.poll(() => readdir(folder)).toHaveLength(1)
  await unit.compute.close()
  await unit.results.close()
  // Results are lost, as a disk may lose them; the log is evaluated again.
  await rm(join(unit.folder, 'results'), { recursive: true })
  await unit.restart()
  expect((await unit.ask(process, { op: 'read' })).Output).toBe(4)
  expect((await unit.compute.evaluations(process, 0, 10)).length).toBe(4)
})

test('stopped between any two messages, nothing is lost or done twice', async () => {
  unit = await startTestUnit()
  const process = await unit.spawn()
  let sum = 0
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 10; i++) {
      await unit.send(process, { op: 'add', n: i })
      sum = (sum * 3 + i) % 1e9
    }
    // Not waited for: the unit is stopped in the middle of its work.
    await unit.restart()
  }
  expect((await unit.ask(process, { op: 'read' })).Output).toBe(sum)
  expect(unit.compute.evaluatedHead(process)).toBe(62)
})

test('killed at any moment, what was shown stays and the rest is done again', async () => {
  unit = await startTestUnit({ checkpointAfterMs: 1 })
  const processes = [await unit.spawn(), await unit.spawn()]
  const commands: TestCommand[] = []
  for (let round = 0; round < 8; round++) {
    const batch: TestCommand[] = [
      { op: 'add', n: round },
      { op: 'fail', n: 1 },
      { op: 'busy', ms: 1 },
      { op: 'fault', n: 1 },
    ]
    commands.push(...batch)
    for (const process of processes) for (const each of batch) await unit.send(process, each)
    const shown = await Promise.all(
      processes.map((process) => unit.compute.evaluations(process, 0, 1000)),
    )
    await unit.crash()
    for (const [i, process] of processes.entries()) {
      const last = unit.log.head(process) - 1
      await unit.compute.result(process, last)
      const now = await unit.compute.evaluations(process, 0, 1000)
      expect(now).toHaveLength(last + 1)
      expect(now.slice(0, shown[i]?.length)).toEqual(shown[i])
    }
  }
  for (const process of processes) {
    expect((await unit.ask(process, { op: 'read' })).Output).toBe(modelSum(commands))
  }
})

test('beyond the budget the least recently used process sleeps', async () => {
  unit = await startTestUnit({ hotProcessesMax: 2 })
  const processes = [await unit.spawn(), await unit.spawn(), await unit.spawn(), await unit.spawn()]
  for (const round of [1, 2, 3]) {
    for (const process of processes) {
      const { Output } = await unit.ask(process, { op: 'add', n: 1 })
      expect(Output).toBe((3 ** round - 1) / 2)
    }
  }
  // Who leaves is there until the disk has it.
  const live = () => Promise.all(processes.map(liveOf))
  await expect.poll(live).toEqual([false, false, true, true])
})

test('a budget of bytes puts processes to sleep as well', async () => {
  unit = await startTestUnit({ hotBytesMax: 1 })
  const processes = [await unit.spawn(), await unit.spawn()]
  for (const process of [...processes, ...processes]) await unit.ask(process, { op: 'add', n: 1 })
  const live = () => Promise.all(processes.map(liveOf))
  await expect.poll(live).toEqual([false, true])
  expect((await unit.ask(processes[0] ?? '', { op: 'read' })).Output).toBe(4)
})

test('closing does not wait for an endless message', async () => {
  // Another limit than the watchdog's of tests, which would end it at once.
  unit = await startTestUnit({ evaluationTimeoutMs: 2 * evaluationTimeoutMs })
  const process = await unit.spawn()
  await unit.ask(process, { op: 'add', n: 1 })
  const underWay = unit.endless()
  const slot = await unit.send(process, { op: 'loop' })
  const refused = expect(unit.compute.result(process, slot)).rejects
  const closed = refused.toMatchObject({ code: 'compute-closed' })
  await underWay
  await unit.compute.close()
  await closed
})
