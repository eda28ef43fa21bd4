import { toHex } from '@heddle/protocol/base'
import { beforeAll, expect, test } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import type { GuestModule } from '../guest/ports.ts'
import { compileJsGuest } from '../guest-js/compile.ts'
import { buildJsModuleData } from '../guest-js/module.ts'
import { testId } from '../guest-js/testing/test-actor.ts'
import { HotProcess } from './hot-process.ts'
import type { WorkMessage } from './protocol.ts'
import { createWatch } from './watch.ts'

const memoryBytes = 8 * 2 ** 20
const processId = testId('process')
const owner = testId('owner')

const source = `let count = 0
const kept = []
on('Inc', msg => { count += 1; msg.reply({ data: String(count) }) })
on('Throw', msg => { count += 100; kept.push('x'.repeat(5000)); throw new Error('no') })
on('Endless', msg => { count += 100; for (;;); })
on('Grow', msg => { count += 100; const all = []; for (;;) all.push('y'.repeat(100_000) + all.length) })`

let module: GuestModule

beforeAll(async () => {
  module = await compileJsGuest(await buildJsModuleData(createRuntime().disk))
})

function openProcess(): Promise<HotProcess> {
  const environment = JSON.stringify({
    Process: { Id: processId, Owner: owner, Tags: [{ name: 'Compute-Limit', value: '2000000' }] },
    Module: { Id: testId('module'), Owner: owner, Tags: [] },
  })
  const names = { processId, number: 0, memoryBytes, environment, nextSlot: 0 }
  const cells = new Int32Array(createWatch())
  return HotProcess.open(module, names, createRuntime().clock, cells)
}

function message(slot: number, action: string): WorkMessage {
  const id = slot === 0 ? processId : testId(`message ${slot}`)
  const timestampMs = 1_700_000_000_000 + slot
  const fields = { Id: id, Owner: owner, From: owner, Target: processId, Anchor: '', Cron: false }
  const Tags =
    slot === 0 ? [{ name: 'Type', value: 'Process' }] : [{ name: 'Action', value: action }]
  const Data = slot === 0 ? source : ''
  const order = { Nonce: slot, Epoch: 0, Timestamp: timestampMs, 'Block-Height': 100 + slot }
  return { slot, id, timestampMs, json: JSON.stringify({ ...fields, ...order, Tags, Data }) }
}

/** State root after the good messages, and which slots failed. */
async function run(actions: readonly string[], skip: (action: string) => boolean) {
  const process = await openProcess()
  const failed: string[] = []
  const roots: string[] = []
  for (const [slot, action] of actions.entries()) {
    if (skip(action)) continue
    const outcome = await process.evaluate(message(slot, action))
    if (outcome.failed) failed.push(action)
    // Resting in between changes form, not state.
    if (slot % 9 === 5) process.rest()
    if (action === 'Inc') {
      roots.push(toHex(process.checkpoint()?.stateRoot ?? new Uint8Array(0)))
    }
  }
  process.close()
  return { failed, roots }
}

test('an actor that fails in every way has the state of one that never got those messages', async () => {
  const bad = ['Throw', 'Throw', 'Grow', 'Throw', 'Endless']
  const actions = [
    'boot',
    'Inc',
    ...bad,
    'Inc',
    'Throw',
    'Inc',
    'Inc',
    ...bad,
    'Inc',
    'Throw',
    'Inc',
  ]
  const all = await run(actions, () => false)
  const good = await run(actions, (action) => bad.includes(action))
  expect(all.failed).toEqual(actions.filter((action) => bad.includes(action)))
  expect(good.failed).toEqual([])
  expect(all.roots).toEqual(good.roots)
})
