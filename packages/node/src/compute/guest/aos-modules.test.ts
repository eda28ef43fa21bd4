import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { fetchModules } from '../../../../../scripts/fetch-modules.ts'
import { prepareAnew } from '../prepare/cache.ts'
import { aosMessage, sendTo } from './aos.fixture.ts'
import { compileGuest } from './compile.ts'
import { decodeImage, encodeImage } from './image.ts'
import { renameBorders } from './module/rename.ts'
import { readShape } from './module/shape.ts'
import type { Guest } from './ports.ts'

/** Real modules take long to compile: `npm run soak` runs these. */
const slow = process.env.HEDDLE_SLOW !== undefined
const modules = slow ? await fetchModules() : { skipped: 'HEDDLE_SLOW is not set' }
const memoryBytes = 2 ** 29

/** Evaluates Lua in the n-th message; gives what it returns as text, or its error. */
function evaluate(guest: Guest, n: number, source: string): string {
  const { Output, Error: error } = sendTo(guest, aosMessage(n, 'Eval', source))
  if (error !== undefined) return `Error ${JSON.stringify(error)}`
  const { data } = Output ?? {}
  const text = typeof data === 'object' ? (data as { output?: unknown })?.output : data
  return String(text)
}

const select =
  'local s = {}; for r in Db:nrows("select id, name, price from item order by price desc") do ' +
  's[#s + 1] = r.id .. r.name .. string.format("%.2f", r.price) end; return table.concat(s, " ")'
const steps: readonly (readonly [source: string, answer: string | RegExp])[] = [
  ['Sqlite = require("lsqlite3"); Db = Sqlite.open_memory(); return tostring(Db:isopen())', 'true'],
  [
    'return Db:exec("create table item (id integer primary key, name text unique, price real)")',
    '0',
  ],
  [
    'local s = Db:prepare("insert into item (name, price) values (?, ?)"); ' +
      'for i = 1, 500 do s:bind_values("n" .. i, i / 8); s:step(); s:reset() end; ' +
      'return s:finalize()',
    '0',
  ],
  [
    'for r in Db:rows("select count(*), sum(price) from item") do return r[1] .. " " .. r[2] end',
    '500 15656.25',
  ],
  ['Db:exec("delete from item where id > 3"); return Db:changes()', '497'],
  ['return Db:exec("insert into item (name, price) values (\'n1\', 0)")', '19'],
  ['Db:exec("begin; update item set price = 0; rollback"); return 1', '1'],
  ['for r in Db:rows("select datetime(\'now\')") do return r[1] end', /^2023-11-14 22:13:20$/],
  [select, '3n30.38 2n20.25 1n10.12'],
]

describe.skipIf('skipped' in modules)('aos with SQLite', () => {
  const format = 'wasm64-unknown-emscripten-draft_2024_02_15'
  const answers = new Map<string, string[]>()

  test.each([
    ['plain', undefined],
    ['with gas', prepareAnew],
  ])(
    '%s: tables, statements, constraints, transactions; the state is in its image',
    async (name, prepare) => {
      if ('skipped' in modules) return
      const module = await compileGuest(await readFile(modules.sqlite), format, { prepare })
      let guest = await module.instantiate({ memoryBytes })
      sendTo(guest, aosMessage(0, ''))
      const given: string[] = []
      for (const [i, [source, answer]] of steps.entries()) {
        given.push(evaluate(guest, i + 1, source))
        if (typeof answer === 'string') expect(given.at(-1)).toBe(answer)
        else expect(given.at(-1)).toMatch(answer)
        expect(guest.gasUsed?.() !== undefined).toBe(prepare !== undefined)
        const image = decodeImage(encodeImage(guest.capture()), memoryBytes)
        // Every other message is evaluated by an instance that was restored from the one before.
        if (i % 2 === 0) guest = await module.instantiate({ memoryBytes, image })
      }
      answers.set(name, given)
    },
    120_000,
  )

  test('gives the same with gas as without', () => {
    if (answers.size === 2) expect(answers.get('with gas')).toEqual(answers.get('plain'))
  })
})

describe.skipIf('skipped' in modules)('aos under the names of an older emscripten', () => {
  test.each([
    ['plain', undefined],
    ['with gas', prepareAnew],
  ])(
    '%s',
    async (_, prepare) => {
      if ('skipped' in modules) return
      const bytes = new Uint8Array(await readFile(modules.wasm32))
      const older = renameBorders(bytes, readShape(bytes), {
        imports: new Map([
          ['env._emscripten_memcpy_js', 'env.emscripten_memcpy_js'],
          ['env._emscripten_system', 'env.system'],
        ]),
        exports: new Map([
          ['_emscripten_stack_alloc', 'stackAlloc'],
          ['_emscripten_stack_restore', 'stackRestore'],
          ['_emscripten_tempret_set', 'setTempRet0'],
        ]),
      })
      const named = WebAssembly.Module.imports(new WebAssembly.Module(older as BufferSource))
      expect(named.map(({ name }) => name)).toContain('emscripten_memcpy_js')
      const module = await compileGuest(older, 'wasm32-unknown-emscripten3', { prepare })
      const guest = await module.instantiate({ memoryBytes })
      sendTo(guest, aosMessage(0, ''))
      expect(evaluate(guest, 1, '1 + 1')).toBe('2')
      expect(evaluate(guest, 2, 'return select(2, pcall(error, "boom"))')).toBe('boom')
      expect(evaluate(guest, 3, 'return os.date("%Y", 1700000000)')).toBe('2023')
      expect(evaluate(guest, 4, 'return #string.rep("x", 2000000)')).toBe('2000000')
    },
    120_000,
  )
})

/** The reference host takes modules of these formats as they are, and puts its meter in as it loads them. */
describe.skipIf('skipped' in modules)('aos under the formats with a meter of the reference', () => {
  test.each([
    ['wasm32-unknown-emscripten-metering', 'wasm32'],
    ['wasm64-unknown-emscripten-draft_2024_10_16-metering', 'wasm64'],
  ] as const)(
    '%s',
    async (format, name) => {
      if ('skipped' in modules) return
      const bytes = new Uint8Array(await readFile(modules[name]))
      const module = await compileGuest(bytes, format, { prepare: prepareAnew })
      const guest = await module.instantiate({ memoryBytes })
      sendTo(guest, aosMessage(0, ''))
      expect(evaluate(guest, 1, '1 + 1')).toBe('2')
      const gas = guest.gasUsed?.() ?? 0
      expect(evaluate(guest, 2, 'local n = 0; for i = 1, 100000 do n = n + i end; return n')).toBe(
        '5000050000',
      )
      expect(guest.gasUsed?.()).toBeGreaterThan(gas + 100_000)
      const image = decodeImage(encodeImage(guest.capture()), memoryBytes)
      const restored = await module.instantiate({ memoryBytes, image })
      const answer = evaluate(guest, 3, 'return math.random()')
      expect(evaluate(restored, 3, 'return math.random()')).toBe(answer)
    },
    120_000,
  )
})
