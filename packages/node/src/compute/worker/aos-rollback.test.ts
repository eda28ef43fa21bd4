import { readFile } from 'node:fs/promises'
import { toHex } from '@heddle/protocol/base'
import { expect, test } from 'vitest'
import { fetchModules } from '../../../../../scripts/fetch-modules.ts'
import { createRuntime } from '../../runtime/index.ts'
import { aosMessage, environment, incHandler } from '../guest/aos.fixture.ts'
import { compileGuest } from '../guest/compile.ts'
import type { GuestModule } from '../guest/ports.ts'
import { HotProcess } from './hot-process.ts'
import type { WorkMessage } from './protocol.ts'
import { createWatch } from './watch.ts'

const modules = await fetchModules()
const skipped = 'skipped' in modules ? modules.skipped : undefined

const writes = 'Counter = 100; Kept = ("x"):rep(50000); error("no")'
const grows = 'for i = 1, 40 do Kept[i] = ("x"):rep(2 ^ 20) .. i end; error("no")'
const exits = 'Counter = 100; os.exit(4)'
const failing = [writes, writes, grows, writes, exits, writes, writes, writes]
const good = [incHandler, 'Kept = {}', ...failing.slice(2).map(() => '')]
const sources = good.flatMap((source, i) => [source, failing[i] ?? ''])

function work(slot: number): WorkMessage {
  const source = sources[slot - 1] ?? ''
  const message = aosMessage(slot, source === '' ? 'Inc' : 'Eval', source)
  return { slot, id: message.Id, timestampMs: 1000 + slot, json: JSON.stringify(message) }
}

async function run(module: GuestModule, wants: (source: string) => boolean) {
  const names = { processId: 'P'.repeat(43), number: 0, memoryBytes: 2 ** 30, nextSlot: 0 }
  const settings = { ...names, environment: JSON.stringify(environment) }
  const cells = new Int32Array(createWatch())
  const process = await HotProcess.open(module, settings, createRuntime().clock, cells)
  let failed = 0
  for (let slot = 0; slot <= sources.length; slot++) {
    if (!wants(sources[slot - 1] ?? '')) continue
    if ((await process.evaluate(work(slot))).failed) failed++
  }
  const root = toHex(process.checkpoint()?.stateRoot ?? new Uint8Array(0))
  process.close()
  return { failed, root }
}

test.skipIf(skipped !== undefined)(
  `an aos process has the state of one that never got what failed ${skipped ?? ''}`,
  async () => {
    if ('skipped' in modules) return
    const bytes = await readFile(modules.wasm32)
    const module = await compileGuest(bytes, 'wasm32-unknown-emscripten4')
    const all = await run(module, () => true)
    const onlyGood = await run(module, (source) => !failing.includes(source))
    expect(all.failed).toBe(failing.length)
    expect(onlyGood.failed).toBe(0)
    expect(all.root).toBe(onlyGood.root)
  },
)
