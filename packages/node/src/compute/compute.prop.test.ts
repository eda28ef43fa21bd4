import fc from 'fast-check'
import { expect, test } from 'vitest'
import { modelSum } from './testing/ledger-model.ts'
import type { TestCommand } from './testing/test-guest.ts'
import { bytesOf, startTestUnit } from './testing/test-unit.ts'

const number = fc.integer({ min: 1, max: 1000 })
const command: fc.Arbitrary<TestCommand> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('add' as const), n: number }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('fail' as const), n: number }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('fault' as const), n: number }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('garbage' as const), n: number }) },
  { weight: 1, arbitrary: fc.constant({ op: 'grow' as const }) },
)

const failing = new Set(['fail', 'fault', 'garbage', 'loop'])

async function memoryAfter(unit: Awaited<ReturnType<typeof startTestUnit>>, process: string) {
  const { status, body } = await unit.get(`/state/${process}`)
  expect(status).toBe(200)
  return await bytesOf(body)
}

// Two units get the same good messages; one gets failing ones in between, restarts included. Bytes
// of
// memory must be equal, results must be the model's.
test('failed messages leave memory byte for byte as it was', async () => {
  const unit = await startTestUnit()
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(command, { maxLength: 30 }),
        fc.boolean(),
        async (commands, restarts) => {
          const good = commands.filter((each) => !failing.has(each.op))
          const mixed = await unit.spawn()
          const clean = await unit.spawn()
          for (const each of commands) await unit.send(mixed, each)
          for (const each of good) await unit.send(clean, each)
          const last = await unit.compute.result(mixed, commands.length)
          const failed = failing.has(commands.at(-1)?.op ?? '')
          expect(last.result.Error !== undefined).toBe(failed)
          if (restarts) await unit.restart()
          expect((await unit.ask(mixed, { op: 'read' })).Output).toBe(modelSum(good))
          await unit.ask(clean, { op: 'read' })
          const bytes = await memoryAfter(unit, mixed)
          expect(bytes.equals(await memoryAfter(unit, clean))).toBe(true)
          const all = await unit.compute.evaluations(mixed, 1, 100)
          commands.forEach((each, i) => {
            expect(all[i]?.result.Error !== undefined).toBe(failing.has(each.op))
          })
        },
      ),
      { numRuns: 12 },
    )
  } finally {
    await unit.close()
  }
})

test('endless messages among others end, and the state goes on without them', async () => {
  const unit = await startTestUnit()
  const loops = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: command },
      { weight: 1, arbitrary: fc.constant<TestCommand>({ op: 'loop' }) },
    ),
    { minLength: 1, maxLength: 8 },
  )
  try {
    await fc.assert(
      fc.asyncProperty(loops, async (commands) => {
        const process = await unit.spawn()
        for (const each of commands) await unit.send(process, each)
        const good = commands.filter((each) => !failing.has(each.op))
        expect((await unit.ask(process, { op: 'read' })).Output).toBe(modelSum(good))
        const all = await unit.compute.evaluations(process, 1, 100)
        commands.forEach((each, i) => {
          const error = all[i]?.result.Error
          expect(error !== undefined).toBe(failing.has(each.op))
          if (each.op === 'loop') expect(error).toMatch(/took longer than/)
        })
      }),
      { numRuns: 3 },
    )
  } finally {
    await unit.close()
  }
})
