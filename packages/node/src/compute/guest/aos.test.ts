import { readFile } from 'node:fs/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { fetchModules } from '../../../../../scripts/fetch-modules.ts'
import { type AosResponse, aosMessage, incHandler, sendTo } from './aos.fixture.ts'
import { compileGuest } from './compile.ts'
import { decodeImage, encodeImage } from './image.ts'
import type { Guest, GuestModule, MemoryImage } from './ports.ts'

const modules = await fetchModules()
const skipped = 'skipped' in modules ? modules.skipped : undefined
const memoryBytes = 2 ** 29

/** A process and the number of its next message. */
type Process = { readonly guest: Guest; next: number }

function evaluate(process: Process, source: string): AosResponse {
  return sendTo(process.guest, aosMessage(process.next++, 'Eval', source))
}

function evaluated(process: Process, source: string): unknown {
  return evaluate(process, source).Output?.data
}

function increment(process: Process): unknown {
  return sendTo(process.guest, aosMessage(process.next++, 'Inc')).Messages?.[0]?.Data
}

describe.skipIf(skipped !== undefined).each([
  ['wasm32', 'wasm32-unknown-emscripten4'],
  ['wasm64', 'wasm64-unknown-emscripten-draft_2024_02_15'],
] as const)(`aos, %s${skipped ? ` (skipped: ${skipped})` : ''}`, (name, format) => {
  let module: GuestModule
  let booted: MemoryImage

  async function fork(limit = memoryBytes, image = booted): Promise<Process> {
    return { guest: await module.instantiate({ memoryBytes: limit, image }), next: 10 }
  }

  beforeAll(async () => {
    if ('skipped' in modules) return
    module = await compileGuest(await readFile(modules[name]), format)
    const process = { guest: await module.instantiate({ memoryBytes }), next: 0 }
    sendTo(process.guest, aosMessage(process.next++, ''))
    booted = process.guest.capture()
  })

  it('evaluates expressions and keeps handlers and globals', async () => {
    const process = await fork()
    expect(evaluated(process, '1+1')).toBe('2')
    evaluate(process, incHandler)
    expect([increment(process), increment(process), increment(process)]).toEqual(['1', '2', '3'])
    expect(evaluated(process, 'Counter')).toBe('3')
  })

  it('carries errors inside the guest: pcall, nested, out of a coroutine', async () => {
    const process = await fork()
    expect(evaluated(process, 'return select(2, pcall(error, "boom"))')).toBe('boom')
    const nested =
      'return select(2, pcall(function() local ok = pcall(error, 1); error("two", 0) end))'
    expect(evaluated(process, nested)).toBe('two')
    const coroutine =
      'return select(2, coroutine.resume(coroutine.create(function() error("c", 0) end)))'
    expect(evaluated(process, coroutine)).toBe('c')
    const deep = 'local function f() return 1 + f() end return tostring(select(2, pcall(f)))'
    expect(evaluated(process, deep)).toContain('stack overflow')
  })

  it('stays usable after an error in a handler', async () => {
    const process = await fork()
    evaluate(process, incHandler)
    expect(evaluate(process, 'error("on purpose")').Error).toContain('on purpose')
    expect(evaluate(process, 'this is not lua').Error).toBeDefined()
    expect(increment(process)).toBe('1')
  })

  it('may answer ok: false, which is an answer and no fault', async () => {
    const process = await fork()
    expect(() => evaluate(process, 'error({ code = 1 })')).toThrow('the module answered')
    expect(evaluated(process, '2+2')).toBe('4')
  })

  it('grows its memory and gets "not enough memory" at its limit', async () => {
    const process = await fork(2 ** 27)
    const before = process.guest.memory().length
    expect(evaluated(process, 'Large = string.rep("x", 4 * 1024 * 1024); return #Large')).toBe(
      '4194304',
    )
    const greedy = 'return select(2, pcall(string.rep, "x", 200 * 1024 * 1024))'
    expect(evaluated(process, greedy)).toContain('not enough memory')
    expect(process.guest.memory().length).toBeLessThanOrEqual(2 ** 27)
    expect(evaluated(process, '#Large')).toBe('4194304')

    const roomy = await fork()
    evaluate(roomy, 'Large = string.rep("x", 100 * 1024 * 1024)')
    expect(roomy.guest.memory().length).toBeGreaterThan(before)
    expect(evaluated(roomy, '#Large')).toBe('104857600')
  })

  it('ends in a guest-fault when it exits', async () => {
    const process = await fork()
    expect(() => evaluate(process, 'os.exit(4)')).toThrow(
      expect.objectContaining({ code: 'guest-fault' }),
    )
  })

  it('finds an empty, read-only file system, no environment and a UTC calendar', async () => {
    const process = await fork()
    expect(evaluated(process, 'return tostring(io.open("/etc/passwd"))')).toBe('nil')
    expect(evaluated(process, 'return tostring(io.open("/data/x", "w"))')).toBe('nil')
    expect(evaluated(process, 'return tostring(os.remove("/x"))')).toBe('nil')
    expect(evaluated(process, 'return tostring(os.getenv("HOME"))')).toBe('nil')
    expect(evaluated(process, 'return os.date("%c %Z", 1700000000)')).toMatch(
      /^Tue Nov 14 22:13:20 2023 /,
    )
  })

  it('prints to the sink and not into the result', async () => {
    let printed = ''
    const print = (text: string) => {
      printed += text
    }
    const guest = await module.instantiate({ memoryBytes, image: booted, print })
    const source = 'io.write("to stdout\\n"); io.stderr:write("to stderr\\n"); return 1'
    expect(evaluated({ guest, next: 10 }, source)).toBe('1')
    expect(printed).toBe('to stdout\nto stderr\n')
  })

  it('continues from an image exactly: answers and memory', async () => {
    const original = await fork()
    evaluate(original, incHandler)
    for (let i = 0; i < 20; i++) increment(original)
    const encoded = encodeImage(original.guest.capture())
    expect(encoded.length).toBeLessThan(2 ** 20)
    const copy = await fork(memoryBytes, decodeImage(encoded, memoryBytes))
    copy.next = original.next
    expect(Buffer.compare(copy.guest.memory(), original.guest.memory())).toBe(0)
    for (const source of ['return Counter + math.random()', 'error("x")', 'return os.clock()']) {
      expect(evaluate(copy, source)).toEqual(evaluate(original, source))
    }
    expect(increment(copy)).toBe(increment(original))
    expect(Buffer.compare(copy.guest.memory(), original.guest.memory())).toBe(0)
  })

  it('is the same machine hot and restored before every message, clock readers too', async () => {
    const sources = [
      incHandler,
      'Clock = (Clock or "") .. " " .. os.clock(); return Clock',
      'T = {}; for i = 1, 500 do T[i] = tostring(i) end; return math.random()',
      'error("no table", 0)',
      'return os.date("%s")',
    ]
    const hot = await fork()
    const answers = sources.map((source) => evaluate(hot, source))
    let image = booted
    let last = hot
    for (const [i, source] of sources.entries()) {
      last = await fork(memoryBytes, image)
      last.next += i
      expect(evaluate(last, source)).toEqual(answers[i])
      image = last.guest.capture()
    }
    expect(Buffer.compare(last.guest.memory(), hot.guest.memory())).toBe(0)
  })

  it('keeps forks apart', async () => {
    const [one, two] = [await fork(), await fork()]
    evaluate(one, 'Mine = 1')
    expect(evaluated(two, 'return tostring(Mine)')).toBe('nil')
    one.guest.close()
    expect(evaluated(two, '2+2')).toBe('4')
  })
})
