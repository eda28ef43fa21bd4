import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { isHeddleError } from '@heddle/protocol/base'
import { describe, expect, test } from 'vitest'
import { fetchSpecSuite } from '../../../../../scripts/fetch-spec-suite.ts'
import { readShape } from '../guest/module/shape.ts'
import { Meter } from './meter.ts'
import { prepareModule } from './prepare.ts'
import {
  driverText,
  type FunctionType,
  isAllowed,
  type Kind,
  readArgument,
  readExpected,
  type Step,
} from './testing/spec-driver.ts'
import { type Form, readForms } from './testing/spec-script.ts'

/** Fetches the suite, and takes minutes: `npm run soak` runs it. */
const wanted = process.env.HEDDLE_SPEC !== undefined
const suite = wanted ? await fetchSpecSuite() : { skipped: 'HEDDLE_SPEC is not set' }

type Assembler = {
  parseWat(
    name: string,
    text: string,
    features: Record<string, boolean>,
  ): { toBinary(options: object): { readonly buffer: Uint8Array<ArrayBuffer> }; destroy(): void }
}

const features = { simd: true, memory64: true, multi_value: true, bulk_memory: true }
const memoryBytes = 2 ** 32 - 65_536
const gas = 10_000_000_000

/** What came of one file. */
type Report = {
  passed: number
  failed: string[]
  /** Assertions not run, by why. */
  readonly left: Map<string, number>
}

/** A module of the script under test, prepared. */
type Tested = {
  readonly instance: WebAssembly.Instance
  readonly types: ReadonlyMap<string, FunctionType>
  readonly meter: Meter | undefined
  steps: Step[]
}

class ScriptRun {
  readonly report: Report = { passed: 0, failed: [], left: new Map() }
  readonly #assembler: Assembler
  readonly #text: string
  readonly #named = new Map<string, Tested | string>()
  #pending: Tested | undefined
  #isLinked = false
  /** Why the newest module is not under test, or the module. */
  #current: Tested | string = 'no module yet'

  constructor(assembler: Assembler, text: string) {
    this.#assembler = assembler
    this.#text = text
  }

  run(): Report {
    for (const form of readForms(this.#text)) this.#take(form)
    this.#flush()
    return this.report
  }

  #take(form: Form): void {
    const items = form.items ?? []
    const head = this.#of(items[0])
    if (head === 'module') this.#open(form, items)
    else if (head === 'invoke') this.#add(form, form, [])
    else if (head === 'assert_return') this.#add(form, items[1], items.slice(2))
    else if (head === 'assert_trap' || head === 'assert_exhaustion') {
      this.#add(form, items[1], undefined)
    } else if (head === 'register') this.#isLinked = true
    // What no engine loads comes to nobody.
    else if (!/^assert_(invalid|malformed|unlinkable)$/.test(head ?? '')) this.#leave(`${head}`)
  }

  #open(form: Form, items: readonly Form[]): void {
    this.#flush()
    const second = this.#of(items[1])
    this.#current = this.#instantiate(this.#text.slice(form.from, form.to))
    if (second?.startsWith('$')) this.#named.set(second, this.#current)
  }

  #instantiate(text: string): Tested | string {
    const bytes = this.#assemble(text)
    if (bytes === undefined) return 'a text the assembler does not take'
    try {
      const prepared = prepareModule(bytes, { callsBack: () => false })
      const module = new WebAssembly.Module(prepared as BufferSource)
      const instance = new WebAssembly.Instance(module, { spectest })
      const [memory] = readShape(bytes).memories
      const meter = Meter.of(instance.exports, memory?.maxBytes ?? memoryBytes)
      return { instance, types: functionTypes(bytes), meter, steps: [] }
    } catch (error) {
      if (isHeddleError(error)) return error.code
      return 'imports of other modules'
    }
  }

  #assemble(text: string): Uint8Array<ArrayBuffer> | undefined {
    try {
      const module = this.#assembler.parseWat('module.wat', text, features)
      const { buffer } = module.toBinary({})
      module.destroy()
      return buffer.slice()
    } catch {
      return undefined
    }
  }

  #add(whole: Form, action: Form | undefined, results: readonly Form[] | undefined): void {
    const tested = this.#testedBy(action)
    if (typeof tested === 'string') {
      this.#leave(tested)
      return
    }
    const rest = (action?.items ?? []).filter((form) => !this.#of(form)?.startsWith('$')).slice(1)
    const name = this.#of(rest.shift()) ?? ''
    const args = rest.map((form) => readArgument(form, this.#text))
    const expected = results?.map((form) => readExpected(form, this.#text))
    const type = tested.types.get(plainName(name))
    if (type === undefined || args.includes(undefined) || expected?.includes(undefined)) {
      this.#leave('references')
      return
    }
    const line = this.#text.slice(whole.from, whole.to).replace(/\s+/g, ' ')
    // Steps of several modules in turn must keep their order.
    if (tested !== this.#pending) this.#flush()
    this.#pending = tested
    const known = { args: args as string[], expected: expected as Step['expected'] }
    tested.steps.push({ name, type, line, ...known })
  }

  /** The module an action is for, or why it is not run. */
  #testedBy(action: Form | undefined): Tested | string {
    const [kind, id] = (action?.items ?? []).map((form) => this.#of(form))
    if (kind !== 'invoke') return `${kind} as an action`
    // From here on modules share what others did to it.
    if (this.#isLinked) return 'imports of other modules'
    return id?.startsWith('$') ? (this.#named.get(id) ?? 'unknown module') : this.#current
  }

  #flush(): void {
    const tested = this.#pending
    this.#pending = undefined
    const steps = tested?.steps.splice(0) ?? []
    if (tested === undefined || steps.length === 0) return
    const bytes = this.#assemble(driverText(steps))
    if (bytes === undefined) throw new Error(`no driver for ${steps[0]?.line}`)
    const driver = new WebAssembly.Instance(new WebAssembly.Module(bytes), {
      tested: tested.instance.exports as WebAssembly.ModuleImports,
    })
    for (const [i, step] of steps.entries()) {
      tested.meter?.begin(gas)
      if (this.#passes(driver.exports, i, step)) this.report.passed++
      else this.report.failed.push(step.line)
    }
  }

  #passes(exports: WebAssembly.Exports, i: number, { expected }: Step): boolean {
    const call = (name: string) => (exports[`${name}${i}`] as () => void)()
    const memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer)
    memory.fill(0, 0, 2048)
    try {
      call('run')
    } catch {
      return expected === undefined
    }
    if (expected === undefined) return false
    call('want')
    return expected.length === 0 || isAllowed(memory, expected)
  }

  #leave(why: string): void {
    this.report.left.set(why, (this.report.left.get(why) ?? 0) + 1)
  }

  #of(form: Form | undefined): string | undefined {
    return form && this.#text.slice(form.from, form.to)
  }
}

const spectest: WebAssembly.ModuleImports = {
  ...Object.fromEntries(
    ['', '_i32', '_i64', '_f32', '_f64', '_i32_f32', '_f64_f64'].map((kinds) => [
      `print${kinds}`,
      () => undefined,
    ]),
  ),
  global_i32: 666,
  global_i64: new WebAssembly.Global({ value: 'i64' }, 666n),
  global_f32: 666.6,
  global_f64: 666.6,
}

/** A name as text has it, in quotes and with escapes, as the module has it. */
function plainName(quoted: string): string {
  return quoted
    .slice(1, -1)
    .replace(/\\([0-9a-fA-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
    .replace(/\\(["'\\])/g, '$1')
}

function functionTypes(bytes: Uint8Array): Map<string, FunctionType> {
  const types = new Map<string, FunctionType>()
  const kindOf = (kind: string) => (kind === 'other' ? 'v128' : kind) as Kind
  for (const [name, type] of readShape(bytes).exports) {
    if (type === 'other') continue
    types.set(name, { params: type.params.map(kindOf), results: type.results.map(kindOf) })
  }
  return types
}

/** Files of which every assertion must be run: what floats, vectors and memory do. */
const wholeFiles =
  /^(address|align|const|conversions|endianness|[fi](32|64)|float|int_|load|memory|simd_|store)/
/** Table writes and passive segments are refused by name, see the README. */
const refusedIn = new Map([['memory_init.wast', ['module-instruction-refused']]])
/** All assertions of the suite that name a result or a trap of an accepted module. */
const passedLeast = 45_900

describe.skipIf('skipped' in suite)('WebAssembly test suite, prepared', async () => {
  if ('skipped' in suite) return
  const open = createRequire(import.meta.url)(suite.assembler) as () => Promise<Assembler>
  const assembler = await open()
  let total = 0

  for (const folder of suite.folders) {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.wast')).sort()
    test.each(names)(`${basename(folder)}/%s`, async (name) => {
      const text = await readFile(join(folder, name), 'utf8')
      const { passed, failed, left } = new ScriptRun(assembler, text).run()
      expect(failed).toEqual([])
      total += passed
      if (!wholeFiles.test(name)) return
      expect([...left.keys()]).toEqual(refusedIn.get(name) ?? [])
    })
  }

  test('nearly all of it was run', () => {
    expect(total).toBeGreaterThanOrEqual(passedLeast)
  })

  test('finds what is wrong', () => {
    const script = `(module
      (func (export "one") (result f32) (f32.const 1))
      (func (export "lanes") (result v128) (f32x4.div (v128.const f32x4 0 1 0 1) (v128.const f32x4 0 1 0 1)))
      (func (export "trap") (unreachable)))
    (assert_return (invoke "one") (f32.const 1)) (assert_return (invoke "one") (f32.const 2))
    (assert_return (invoke "one") (f32.const nan:arithmetic)) (assert_trap (invoke "one") "no")
    (assert_return (invoke "trap")) (assert_trap (invoke "trap") "yes")
    (assert_return (invoke "lanes") (v128.const f32x4 nan:canonical 1 nan:arithmetic 1))
    (assert_return (invoke "lanes") (v128.const f32x4 nan:canonical nan:canonical 0 1))`
    const { passed, failed } = new ScriptRun(assembler, script).run()
    expect([passed, failed.length]).toEqual([3, 5])
  })
})
