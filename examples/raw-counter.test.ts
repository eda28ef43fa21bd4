import { beforeAll, expect, it } from 'vitest'
import type { Guest, GuestModule } from '../packages/node/src/compute/guest/ports.ts'
import { compileRawGuest } from '../packages/node/src/compute/guest-raw/compile.ts'
import { buildCounter } from './raw-counter/build.ts'

let module: GuestModule
beforeAll(async () => {
  module = await compileRawGuest(await buildCounter(), 'wasm32-unknown-raw-heddle1')
})

const environment = JSON.stringify({ Process: { Id: 'P', Owner: 'O' }, Module: { Id: 'M' } })
const context = { timestampMs: 1_700_000_000_000, seed: new Uint8Array(32) }

function send(guest: Guest, tags: Record<string, string>) {
  const list = Object.entries(tags).map(([name, value]) => ({ name, value }))
  const message = JSON.stringify({ Id: 'm', From: 'caller "x"', Tags: list })
  return JSON.parse(guest.handle(message, environment, context)).response
}

it('counts, tells who asked, and goes on from an image', async () => {
  const guest = await module.instantiate({ memoryBytes: 2 ** 24 })
  expect(send(guest, { Action: 'Inc' }).Output.data).toBe('1')
  const { Messages } = send(guest, { Action: 'Inc', By: '41' })
  expect(Messages).toMatchObject([{ Target: 'caller "x"', Data: '42' }])
  const copy = await module.instantiate({ memoryBytes: 2 ** 24, image: guest.capture() })
  expect(send(copy, { Action: 'Get' }).Output.data).toBe('42')
  expect(send(copy, { Action: 'Inc', By: '-1' }).Error).toContain('By must be a whole number')
  expect(guest.gasUsed?.()).toBeGreaterThan(1000)
})

it('takes the same gas for the same message, whatever went before', async () => {
  const gas = new Set<number | undefined>()
  for (let i = 0; i < 2; i++) {
    const guest = await module.instantiate({ memoryBytes: 2 ** 24 })
    for (let n = 0; n < 20; n++) send(guest, { Action: 'Inc' })
    gas.add(guest.gasUsed?.())
  }
  expect(gas.size).toBe(1)
})
