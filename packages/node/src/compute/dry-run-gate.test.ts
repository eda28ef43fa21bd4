import { expect, test } from 'vitest'
import { Semaphore } from '../runtime/index.ts'
import { DryRunGate } from './dry-run-gate.ts'

const processId = 'p'.repeat(43)

test('one caller with many takes turns with the others', async () => {
  const gate = new DryRunGate(8)
  const thread = new Semaphore(1)
  const order: string[] = []
  const ask = (caller: string, name: string) =>
    gate.run({ caller, processId }, undefined, () =>
      thread.run(async () => {
        order.push(name)
      }),
    )
  await Promise.all([...[1, 2, 3, 4].map((each) => ask('many', `many ${each}`)), ask('one', 'one')])
  expect(order.indexOf('one')).toBe(1)
  expect(order).toHaveLength(5)
})

test('who hangs up is answered at once, is not run, and counts until its turn has passed', async () => {
  const gate = new DryRunGate(2)
  const caller = { caller: 'c', processId }
  const running = Promise.withResolvers<void>()
  const leaving = new AbortController()
  const ran: string[] = []
  const first = gate.run(caller, undefined, () => running.promise)
  const second = gate.run(caller, leaving.signal, async () => ran.push('second'))
  leaving.abort()
  await expect(second).rejects.toMatchObject({ code: 'state-pending', kind: 'unavailable' })
  await expect(gate.run(caller, undefined, async () => 0)).rejects.toMatchObject({
    code: 'dry-runs-exhausted',
  })
  running.resolve()
  await first
  expect(await gate.run(caller, undefined, async () => 'third')).toBe('third')
  expect(ran).toEqual([])
})
