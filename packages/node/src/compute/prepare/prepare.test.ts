import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { isHeddleError } from '@heddle/protocol/base'
import { callStack, gasTable } from '@heddle/protocol/params'
import { describe, expect, it } from 'vitest'
import { meterNames } from './assemble.ts'
import { Meter } from './meter.ts'
import { prepareModule } from './prepare.ts'
import { type BuiltModule, buildModule, int, long, types } from './testing/build-module.ts'

const options = { callsBack: () => false }
const { i32, i64, f64 } = types
const get = (local: number) => [0x20, local]

function open(module: BuiltModule, imports: WebAssembly.Imports = {}) {
  const bytes = prepareModule(buildModule(module), options) as Uint8Array<ArrayBuffer>
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports)
  const meter = Meter.of(exports, 2 * 65_536)
  if (meter === undefined) throw new Error('a prepared module has a meter')
  return { meter, call: exports.main as (...given: number[]) => number, exports }
}

/** The same with so many bytes of stack: the thread of a test has less than a compute thread. */
function endingAt(depth: number, meter: Meter, run: () => unknown): string {
  meter.begin(1e9)
  meter.depth = depth
  try {
    run()
  } catch (error) {
    return meter.reasonOf(error).code
  }
  return 'done'
}

/** The code of what `run` ends with, by the meter's judgement. */
function ending(meter: Meter, limit: number, run: () => unknown): string {
  meter.begin(limit)
  try {
    run()
  } catch (error) {
    const { code, message } = meter.reasonOf(error)
    return `${code}: ${message}`
  }
  return meter.overdraft()?.code ?? 'done'
}

const one = (code: number[], locals: number[] = []): BuiltModule => ({
  functions: [{ params: [i32], results: [i32], locals, code, name: 'main' }],
})
const countDown = [0x03, 0x40, ...get(0), ...int(1), 0x6b, 0x22, 0, 0x0d, 0, 0x0b, ...int(0)]

describe('gas', () => {
  it('is taken per block, so that a loop costs by its turns', () => {
    const { meter, call } = open(one(countDown))
    const used = (turns: number) => {
      meter.begin(1e9)
      call(turns)
      return meter.gasUsed
    }
    const { simple, branch } = gasTable.instructions
    const turn = used(11) - used(10)
    expect(turn).toBe(1 + simple + branch)
    expect(used(1000) - used(10)).toBe(990 * turn)
  })

  it('ends an endless loop with an error that names the limit', () => {
    const { meter, call } = open(one([0x03, 0x40, 0x0c, 0, 0x0b, ...int(0)]))
    expect(ending(meter, 1e6, () => call(0))).toMatch(/^guest-out-of-gas: .* 1000000 units/)
    expect(meter.gasUsed).toBe(1e6)
  })

  it('ends calls that double without a loop or a circle', () => {
    const depth = 60
    const functions = Array.from({ length: depth }, (_, i) => ({
      params: [],
      results: [],
      code: i === 0 ? [] : [0x10, i - 1, 0x10, i - 1],
      ...(i === depth - 1 ? { name: 'main' } : {}),
    }))
    const { meter, call } = open({ functions })
    expect(ending(meter, 1e6, call)).toMatch(/^guest-out-of-gas/)
  })

  it('is taken for copies by their length, even of more than there is', () => {
    const fill = (length: number) =>
      one([...int(0), ...int(1), ...int(length), 0xfc, 11, 0, ...int(0)])
    const used = (length: number) => {
      const { meter, call } = open(fill(length))
      meter.begin(1e9)
      call(0)
      return meter.gasUsed
    }
    expect(used(8192) - used(0)).toBe(8192 / gasTable.bulkBytesPerGas)
    const { meter, call } = open(fill(-1))
    expect(ending(meter, 1e6, () => call(0))).toMatch(/^guest-out-of-gas/)
    expect(ending(meter, 1e10, () => call(0))).toMatch(/^guest-fault: .* memory out of bounds/)
  })

  it('is what the host takes, too', () => {
    const { meter } = open(one(int(0)))
    meter.begin(10)
    meter.charge(10)
    expect(() => meter.charge(1)).toThrow(expect.objectContaining({ code: 'guest-out-of-gas' }))
  })
})

describe('memory', () => {
  const grow = one([...get(0), 0x40, 0])
  it('grows to its limit, for gas, and gives -1 beyond', () => {
    const { meter, call } = open(grow)
    meter.begin(1e9)
    expect(call(1)).toBe(1)
    expect(meter.gasUsed).toBeGreaterThan(gasTable.pageGrowth)
    for (const pages of [1, 2, 65_535, 0x7fff_ffff, -1]) {
      meter.begin(1e15)
      expect(call(pages)).toBe(-1)
    }
    expect(call(0)).toBe(2)
    expect(ending(meter, 100, () => call(1))).toMatch(/^guest-out-of-gas/)
  })

  it('is why a message failed that was refused some and trapped', () => {
    const { meter, call } = open(one([...get(0), 0x40, 0, 0x1a, 0x00]))
    expect(ending(meter, 1e9, () => call(7))).toMatch(/^guest-out-of-memory: .* 131072 bytes/)
    expect(ending(meter, 1e9, () => call(0))).toMatch(/^guest-fault: .*unreachable/)
  })
})

describe('calls', () => {
  // Two slots: the parameter and the local that keeps the depth; two operands.
  const frameBytes = callStack.frameBytes + 4 * callStack.slotBytes
  const recurse = [...get(0), 0x04, i32, ...get(0), ...int(1), 0x6b, 0x10, 0, 0x05, ...int(5), 0x0b]

  it('stand as deep as their frames fit the counted stack, on any engine', () => {
    const { meter, call } = open(one(recurse))
    expect(ending(meter, 1e9, () => call(1000))).toBe('done')
    expect(meter.depth).toBe(callStack.bytes)
    meter.begin(1e9)
    meter.depth = 100 * frameBytes
    expect(call(99)).toBe(5)
    meter.depth = 100 * frameBytes
    expect(() => call(100)).toThrow()
    expect(meter.depth).toBeLessThan(0)
    expect(ending(meter, 1e9, () => call(1000))).toBe('done')
  })

  it('end before the engine does, with frames of any size', async () => {
    const modules = [i32, f64, types.v128].flatMap((type) =>
      [0, 10, 300, 5000].map((count) => {
        const locals = Array.from({ length: count }, () => type)
        const keep = locals.slice(0, 2).flatMap((_, i) => [0x20, i + 1, 0x21, i + 1])
        return prepareModule(buildModule(one([...keep, ...recurse], locals)), options)
      }),
    )
    const url = new URL('./testing/deep-calls.ts', import.meta.url)
    const thread = new Worker(url, { workerData: modules })
    const [ended] = await once(thread, 'message')
    expect(new Set(ended)).toEqual(new Set(['guest-stack-overflow']))
  })

  it('count by table and where the host calls back', () => {
    const type = { params: [i32], results: [i32] }
    const byTable = { ...type, code: [...get(0), ...int(0), 0x11, 0, 0], name: 'main' }
    const { meter, call } = open({ functions: [byTable], table: [0] })
    expect(endingAt(10_000, meter, () => call(0))).toBe('guest-stack-overflow')
    const back = { imports: [{ name: 'back', ...type }] }
    const source = buildModule({
      ...back,
      functions: [{ ...type, code: [...get(0), 0x10, 0], name: 'main' }],
    })
    const bytes = prepareModule(source, { callsBack: () => true }) as Uint8Array<ArrayBuffer>
    const env = { back: (n: number) => (exports.main as (n: number) => number)(n) }
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env })
    const other = Meter.of(exports, 0)
    if (other === undefined) throw new Error('a prepared module has a meter')
    const main = exports.main as (n: number) => number
    expect(endingAt(10_000, other, () => main(0))).toBe('guest-stack-overflow')
  })
})

describe('NaN bits', () => {
  const probe = (code: number[]) =>
    one([...code, 0xbd, 0xa7, ...code, 0xbd, ...long(32), 0x88, 0xa7, 0x6a])
  const zero = [0x44, ...Array<number>(8).fill(0)]

  it('are canonical where arithmetic made them and kept where it did not', () => {
    const { meter, call } = open(probe([...zero, ...zero, 0xa3]))
    meter.begin(1e6)
    expect(call(0)).toBe(0x7ff8_0000)
    const payload = [0x44, 1, 0, 0, 0, 0, 0, 0xf4, 0xff]
    const kept = open(probe(payload))
    kept.meter.begin(1e6)
    expect(kept.call(0)).toBe((0xfff4_0000 | 0) + 1)
  })

  it('are canonical in what a host function gives', () => {
    const given = [{ name: 'give', params: [], results: [f64] }]
    const functions = [{ params: [], results: [i64], code: [0x10, 0, 0xbd], name: 'main' }]
    const give = () => new Float64Array(new BigInt64Array([-1n]).buffer)[0]
    const { call } = open({ imports: given, functions }, { env: { give } })
    expect(call()).toBe(0x7ff8_0000_0000_0000n)
  })
})

describe('NaN bits that JavaScript was given', () => {
  it('are canonical where the module gets them back', () => {
    const f32 = types.f32
    const source = buildModule({
      imports: [{ name: 'back', params: [f32], results: [] }],
      functions: [
        {
          params: [f32],
          results: [],
          code: [...int(64), ...get(0), 0x38, 0, 0],
          name: 'stored',
        },
        { params: [], results: [], code: [0x43, 1, 0, 0xc0, 0xff, 0x10, 0], name: 'main' },
      ],
      table: [1],
    })
    const bytes = prepareModule(source, { callsBack: () => true }) as Uint8Array<ArrayBuffer>
    const wide = new Float32Array(new Uint32Array([0xffc0_1234]).buffer)
    const env = { back: () => table(wide[0] ?? 0) }
    const plain = new WebAssembly.Module(bytes)
    const { exports } = new WebAssembly.Instance(plain, { env })
    const table = exports.stored as (value: number) => void
    const main = exports.main as () => void
    main()
    const memory = new DataView((exports.memory as WebAssembly.Memory).buffer)
    expect(memory.getUint32(64, true)).toBe(0x7fc0_0000)
  })
})

describe('what is not accepted', () => {
  const refused = (module: BuiltModule | Uint8Array) => {
    try {
      const bytes = module instanceof Uint8Array ? module : buildModule(module)
      prepareModule(bytes, options)
      return 'accepted'
    } catch (error) {
      return isHeddleError(error) ? `${error.code}: ${error.message}` : String(error)
    }
  }

  it.each([
    ['relaxed SIMD', [0xfd, 0x80, 2], 'relaxed SIMD'],
    ['atomics', [0xfe, 3, 0], 'threads'],
    ['exceptions', [0x06, 0x40, 0x0b], 'exceptions'],
    ['a tail call', [0x12, 0], 'tail call'],
    ['table.set', [...int(0), 0xd0, 0x70, 0x26, 0], 'table.set'],
    ['data.drop', [0xfc, 9, 0], 'data.drop'],
    ['garbage collection', [0xfb, 0], 'opcode 0xfb'],
  ])('is refused by name: %s', (_name, code, said) => {
    expect(refused(one([...code, ...int(0)]))).toContain(said)
  })

  it('is refused before anything is allocated for it', () => {
    const locals = [...buildModule(one(int(0)))]
    const at = locals.lastIndexOf(10) + 4
    locals.splice(at, 1, 1, 0xff, 0xff, 0xff, 0x7f, 0x7f)
    locals[at - 1] = (locals[at - 1] ?? 0) + 5
    locals[at - 3] = (locals[at - 3] ?? 0) + 5
    expect(refused(Uint8Array.from(locals))).toContain('locals')
    expect(refused({ ...one(int(0)), memory: [3, 1, 2] })).toContain('module-threads')
    expect(refused(new Uint8Array(0))).toContain('module-invalid')
    expect(refused(one([]))).toContain('module-invalid')
  })

  it('includes the names its host needs', () => {
    const module = one(int(0))
    const named = {
      ...module,
      functions: module.functions.map((f) => ({ ...f, name: meterNames.gas })),
    }
    expect(refused(named)).toContain('reserved name')
  })
})
