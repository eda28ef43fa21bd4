import { readFile } from 'node:fs/promises'
import { equalBytes } from '@heddle/protocol/base'
import { describe, expect, it } from 'vitest'
import { fetchModules } from '../../../../../scripts/fetch-modules.ts'
import { aosMessage, differentialRun, environment, sendTo } from '../guest/aos.fixture.ts'
import { compileGuest } from '../guest/compile.ts'
import type { Guest } from '../guest/ports.ts'
import { prepareAnew } from './cache.ts'

const modules = await fetchModules()
const skipped = 'skipped' in modules ? modules.skipped : undefined
const messageCount = 24
const memoryBytes = 2 ** 28
const context = { timestampMs: 1_700_000_000_000, seed: new Uint8Array(32) }

/** Evaluates Lua under a Compute-Limit of the process. */
function evaluate(guest: Guest, source: string, limit: string): unknown {
  const tags = [...environment.Process.Tags, { name: 'Compute-Limit', value: limit }]
  const limited = { ...environment, Process: { ...environment.Process, Tags: tags } }
  const message = JSON.stringify(aosMessage(99, 'Eval', source))
  return JSON.parse(guest.handle(message, JSON.stringify(limited), context))
}

describe.skipIf(skipped !== undefined)(
  `aos, prepared${skipped ? ` (skipped: ${skipped})` : ''}`,
  () => {
    it.each([
      ['wasm32', 'wasm32-unknown-emscripten4'],
      ['wasm64', 'wasm64-unknown-emscripten-draft_2024_02_15'],
    ] as const)('gives the answers and the memory of %s as it is', async (name, format) => {
      if ('skipped' in modules) return
      const bytes = await readFile(modules[name])
      const [plain, prepared] = await Promise.all(
        [undefined, prepareAnew].map(async (prepare) => {
          const guest = await (await compileGuest(bytes, format, { prepare })).instantiate({
            memoryBytes,
          })
          return {
            guest,
            answers: differentialRun(messageCount).map((each) => sendTo(guest, each)),
          }
        }),
      )
      expect(prepared?.answers).toEqual(plain?.answers)
      const memories = [plain, prepared].map((run) => run?.guest.memory() ?? new Uint8Array(0))
      expect(equalBytes(memories[0] ?? new Uint8Array(0), memories[1] ?? new Uint8Array(1))).toBe(
        true,
      )
      expect(prepared?.guest.gasUsed?.()).toBeGreaterThan(1e5)
      expect(plain?.guest.gasUsed?.()).toBeUndefined()
    })

    it('ends an endless message by its gas, the same each time, and goes on from its image', async () => {
      if ('skipped' in modules) return
      const bytes = await readFile(modules.wasm32)
      const format = 'wasm32-unknown-emscripten4'
      const module = await compileGuest(bytes, format, { prepare: prepareAnew })
      const first = await module.instantiate({ memoryBytes })
      sendTo(first, aosMessage(0, ''))
      const image = first.capture()
      const failures = new Set<string>()
      const gas = new Set<number | undefined>()
      for (let i = 0; i < 2; i++) {
        const guest = await module.instantiate({ memoryBytes, image })
        try {
          evaluate(guest, 'while true do end', '60000000')
        } catch (error) {
          failures.add(String(error))
        }
        gas.add(guest.gasUsed?.())
      }
      expect([...failures]).toEqual([
        'HeddleError: out of gas: the message takes more than 60000000 units. Do less per ' +
          'message, or spawn with a higher Compute-Limit.',
      ])
      expect([...gas]).toEqual([60_000_000])
      const again = await module.instantiate({ memoryBytes, image })
      expect(evaluate(again, '1+1', '60000000')).toMatchObject({
        response: { Output: { data: '2' } },
      })
    })

    it('keeps the depth of calls over errors that Lua catches', async () => {
      if ('skipped' in modules) return
      const bytes = await readFile(modules.wasm32)
      const format = 'wasm32-unknown-emscripten4'
      const module = await compileGuest(bytes, format, { prepare: prepareAnew })
      const guest = await module.instantiate({ memoryBytes })
      sendTo(guest, aosMessage(0, ''))
      const caught =
        'local function f(n) if n == 0 then error("x", 0) end return 1 + f(n - 1) end ' +
        'local n = 0; for i = 1, 3000 do if not pcall(f, 50) then n = n + 1 end end return n'
      expect(evaluate(guest, caught, '9000000000')).toMatchObject({
        response: { Output: { data: '3000' } },
      })
      const deep = 'local function f() return 1 + f() end return tostring(select(2, pcall(f)))'
      expect(JSON.stringify(evaluate(guest, deep, '9000000000'))).toContain('stack overflow')
    })
  },
)
