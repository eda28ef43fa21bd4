import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { fetchModules } from '../../../../../scripts/fetch-modules.ts'
import { createRuntime } from '../../runtime/index.ts'
import { aosMessage, environment } from '../guest/aos.fixture.ts'
import { compileGuest } from '../guest/compile.ts'
import { encodeImage } from '../guest/image.ts'
import { prepareAnew } from '../prepare/cache.ts'
import { HotProcess } from './hot-process.ts'
import type { WorkMessage } from './protocol.ts'
import { type GuestRun, runGuest } from './run-guest.ts'
import { createWatch } from './watch.ts'

const modules = await fetchModules()
const skipped = 'skipped' in modules ? modules.skipped : undefined
const memoryBytes = 2 ** 30
const count = 'Handlers.add("inc", "Inc", function(m) N = (N or 0) + 1; print(N) end)'
/** Opens files it does not find: the reference unwinds the module eighteen times for it. */
const opens = 'N = (N or 0) + 10; return tostring(pcall(require, "nowhere"))'
const sources = [count, '', '', opens, '', opens, 'error("no")', '', `${opens} .. error("no")`, '']

function work(slot: number): WorkMessage {
  const source = sources[slot - 1] ?? ''
  const message = aosMessage(slot, source === '' ? 'Inc' : 'Eval', source)
  return { slot, id: message.Id, timestampMs: 1000 + slot, json: JSON.stringify(message) }
}

const slots = Array.from({ length: sources.length + 1 }, (_, slot) => work(slot))

describe.skipIf(skipped !== undefined).each([
  ['wasm32', 'wasm32-unknown-emscripten4', undefined],
  ['wasm32', 'wasm32-unknown-emscripten4', prepareAnew],
  ['wasm64', 'wasm64-unknown-emscripten-draft_2024_02_15', undefined],
] as const)(`a process that seldom suspends, %s ${skipped ?? ''}`, (name, format, prepare) => {
  it('ends as one that always could', async () => {
    if ('skipped' in modules) return
    const module = await compileGuest(await readFile(modules[name]), format, { prepare })
    const environmentText = JSON.stringify(environment)
    let always = await module.instantiate({ memoryBytes })
    const expected: GuestRun[] = []
    for (const message of slots) {
      const image = always.capture()
      const run = runGuest(always, message, environmentText, { mayRestart: false })
      if (run.failed && !always.reset?.(image))
        always = await module.instantiate({ memoryBytes, image })
      expected.push(run)
    }
    expect(expected.filter(({ failed }) => failed)).toHaveLength(2)
    const names = { processId: 'P'.repeat(43), number: 0, memoryBytes, nextSlot: 0 }
    const cells = new Int32Array(createWatch())
    const settings = { ...names, environment: environmentText }
    const process = await HotProcess.open(module, settings, createRuntime().clock, cells)
    for (const [slot, message] of slots.entries()) {
      const { json, gasUsed, digest } = await process.evaluate(message)
      expect({ slot, json, gasUsed, digest }).toEqual({
        slot,
        json: expected[slot]?.json,
        gasUsed: expected[slot]?.gasUsed,
        digest: expected[slot]?.digest,
      })
    }
    expect(process.capture().image).toEqual(encodeImage(always.capture()))
    process.close()
    always.close()
  })

  it('says so where nobody can bring its state back', async () => {
    if ('skipped' in modules) return
    const module = await compileGuest(await readFile(modules[name]), format, { prepare })
    const guest = await module.instantiate({ memoryBytes })
    const run = (message: WorkMessage, mayRestart: boolean) =>
      runGuest(guest, message, JSON.stringify(environment), { mayRestart })
    for (const message of slots.slice(0, 4)) run(message, message.slot > 0)
    const before = guest.capture()
    const [opening, next] = [work(4), work(5)]
    expect(() => run(opening, true)).toThrow(
      expect.objectContaining({ code: 'guest-must-suspend' }),
    )
    expect(() => run(next, true)).toThrow(/not used again/)
    expect(guest.reset?.(before)).toBe(true)
    expect(guest.capture()).toEqual(before)
    expect(run(opening, false).json).toContain('"data":"false"')
    guest.close()
  })
})
