import { type BuiltModule, int, long, types } from './build-module.ts'

/**
 * Programs from bytes that fast-check chose: arithmetic, locals, globals, memory, blocks, loops that
 * end, calls, direct and by table, floats and vectors with NaNs of all kinds whose bits are read.
 *
 * `eager` writes the canonical NaN after every instruction that may give one: what a prepared module
 * must be equal to, on any engine, run as it is.
 */
export function randomProgram(choices: Uint8Array, eager: boolean): BuiltModule {
  const writer = new ProgramWriter(choices, eager)
  const functions = [0, 1, 2, 3].map((index) => writer.function(index))
  const main = { ...writer.function(4), name: 'main' }
  return {
    functions: [...functions, main],
    globals: [
      [types.i32, ...int(7)],
      [types.f64, ...f64Bytes(0x7ff0_0000, 0x1234_5678)],
      [types.f32, 0x43, 1, 0, 0xa0, 0x7f],
    ],
    table: [0, 1, 2, 3],
    memory: [1, 1, 2],
  }
}

type Type = keyof typeof types
const signature = [types.i32, types.f64, types.f32, types.i64] as const
const localTypes: readonly Type[] = [
  ...(['i32', 'f64', 'f32', 'i64'] as const),
  ...(['i32', 'i64', 'f32', 'f32', 'f64', 'f64', 'v128', 'v128'] as const),
  'i32', // counts loops
]
const counter = localTypes.length - 1
/** One more local of each float type, for the eager canonical NaN. */
const scratch = { f32: 13, f64: 14, v128: 15 } as const

function f64Bytes(high: number, low: number): number[] {
  const view = new DataView(new ArrayBuffer(8))
  view.setUint32(0, low, true)
  view.setUint32(4, high, true)
  return [0x44, ...new Uint8Array(view.buffer)]
}

const floats = [0, -0, 1, -1.5, 1e300, -1e300, Number.POSITIVE_INFINITY, 1e-320, 0.1, 3e9]
const nanHigh = [0x7ff8_0000, 0xfff8_0000, 0x7ff0_0001, 0xfff4_0000, 0x7fff_ffff]

class ProgramWriter {
  readonly #choices: Uint8Array
  readonly #eager: boolean
  #at = 0
  #fuel = 0
  #function = 0
  #looping = false

  constructor(choices: Uint8Array, eager: boolean) {
    this.#choices = choices
    this.#eager = eager
  }

  function(index: number) {
    this.#function = index
    this.#fuel = 60
    const code: number[] = []
    const count = 2 + this.#choose(5)
    for (let i = 0; i < count; i++) code.push(...this.#statement(2, 0))
    code.push(...this.#value('f64', 3))
    const locals = localTypes.slice(4).map((type) => types[type])
    return {
      params: signature,
      results: [types.f64],
      locals: [...locals, types.f32, types.f64, types.v128],
      code,
    }
  }

  #choose(count: number): number {
    const choice = this.#choices[this.#at++ % Math.max(1, this.#choices.length)] ?? 0
    return (choice + (this.#at > this.#choices.length ? this.#at : 0)) % count
  }

  #local(type: Type): number {
    const fitting = localTypes.flatMap((each, i) => (each === type && i !== counter ? [i] : []))
    return fitting[this.#choose(fitting.length)] ?? 0
  }

  /** A statement inside `labels` blocks. */
  #statement(depth: number, labels: number): number[] {
    const kinds = depth > 0 && this.#fuel-- > 0 ? 11 : 5
    const type = (['i32', 'i64', 'f32', 'f64', 'v128'] as const)[this.#choose(5)] ?? 'i32'
    switch (this.#choose(kinds)) {
      case 0:
      case 1:
        return [...this.#value(type, 3), 0x21, this.#local(type)]
      case 2:
        return this.#store(type)
      case 3:
        return [...this.#value('f64', 2), 0x24, 1, ...this.#value('f32', 2), 0x24, 2]
      case 4:
        return [...this.#value(type, 2), 0x22, this.#local(type), 0x1a]
      case 5:
        return [...this.#value('i32', 2), 0x04, 0x40, ...this.#some(depth, labels + 1), 0x0b]
      case 6: {
        const condition = [...this.#value('i32', 1), 0x04, 0x40]
        const arms = [...this.#some(depth, labels + 1), 0x05, ...this.#some(depth, labels + 1)]
        return [...condition, ...arms, 0x0b]
      }
      case 7:
        return this.#block(depth, labels)
      case 8:
        return this.#loop(depth, labels)
      case 9: {
        const length = [...int(this.#choose(64))]
        const bulk = [...this.#address(), ...this.#address(), ...length, 0xfc, 10, 0, 0]
        return [...bulk, ...this.#address(), ...this.#value('i32', 1), ...length, 0xfc, 11, 0]
      }
      default:
        return [...this.#value('i32', 1), 0x04, 0x40, ...this.#value('f64', 1), 0x0f, 0x0b]
    }
  }

  #some(depth: number, labels: number): number[] {
    const code: number[] = []
    for (let i = 1 + this.#choose(2); i > 0; i--) code.push(...this.#statement(depth - 1, labels))
    return code
  }

  #block(depth: number, labels: number): number[] {
    const inside = this.#some(depth, labels + 1)
    const branch = [...this.#value('i32', 2), 0x0d, 0]
    const more = this.#some(depth, labels + 1)
    if (this.#choose(3) > 0) return [0x02, 0x40, ...inside, ...branch, ...more, 0x0b]
    const table = [...this.#value('i32', 1), 0x0e, 2, 0, 1, 0]
    return [0x02, 0x40, 0x02, 0x40, ...table, 0x0b, ...inside, 0x0b]
  }

  /** Runs up to six times; loops do not stand in loops, as there is one counter. */
  #loop(depth: number, labels: number): number[] {
    if (this.#looping) return this.#block(depth, labels)
    this.#looping = true
    const inside = this.#some(depth, labels + 1)
    this.#looping = false
    const count = [0x20, counter, ...int(1), 0x6b, 0x22, counter, 0x0d, 0]
    return [...int(1 + this.#choose(6)), 0x21, counter, 0x03, 0x40, ...inside, ...count, 0x0b]
  }

  #address(): number[] {
    return [...this.#value('i32', 1), ...int(0xff8), 0x71]
  }

  #store(type: Type): number[] {
    const opcode = { i32: [0x36], i64: [0x37], f32: [0x38], f64: [0x39], v128: [0xfd, 11] }[type]
    return [...this.#address(), ...this.#value(type, 3), ...opcode, 0, 8]
  }

  #value(type: Type, depth: number): number[] {
    if (depth <= 0 || this.#fuel-- <= 0) return this.#leaf(type)
    if (this.#choose(8) === 0) {
      const both = [...this.#value(type, depth - 1), ...this.#value(type, depth - 1)]
      const condition = this.#value('i32', 1)
      return type === 'v128' ? both.concat(0xfd, 77, 0xfd, 80) : [...both, ...condition, 0x1b]
    }
    if (type === 'i32') return this.#i32(depth - 1)
    if (type === 'i64') return this.#i64(depth - 1)
    return type === 'v128' ? this.#vector(depth - 1) : this.#float(type, depth - 1)
  }

  #leaf(type: Type): number[] {
    if (this.#choose(3) > 0) return [0x20, this.#local(type)]
    if (type === 'i32') return int(this.#choose(256) - 100)
    if (type === 'i64') return long((this.#choose(256) - 100) * 2 ** 33)
    const nan = this.#choose(4) === 0
    const number = floats[this.#choose(floats.length)] ?? 0
    const view = new DataView(new ArrayBuffer(16))
    view.setFloat64(0, number, true)
    if (nan) view.setUint32(4, nanHigh[this.#choose(nanHigh.length)] ?? 0, true)
    if (type === 'f32') {
      view.setFloat32(0, number, true)
      if (nan) view.setUint32(0, 0x7fa0_0000 + this.#choose(200), true)
    }
    const bytes = [...new Uint8Array(view.buffer)]
    if (type === 'v128') return [0xfd, 12, ...bytes]
    return type === 'f32' ? [0x43, ...bytes.slice(0, 4)] : [0x44, ...bytes.slice(0, 8)]
  }

  #i32(depth: number): number[] {
    const two = () => [...this.#value('i32', depth), ...this.#value('i32', depth)]
    switch (this.#choose(8)) {
      case 0:
        return [...two(), 0x6a + this.#choose(15)] // arithmetic, may divide by zero
      case 1:
        return [...two(), 0x46 + this.#choose(10)]
      case 2:
        return [...this.#value('f64', depth), ...this.#value('f64', depth), 0x61 + this.#choose(6)]
      case 3:
        return [...this.#value('f32', depth), 0xbc] // reinterpret
      case 4:
        return [...this.#value('f64', depth), 0xfc, 2 + this.#choose(2)]
      case 5:
        return [...this.#value('i64', depth), 0xa7]
      case 6:
        return [...this.#value('v128', depth), 0xfd, 27, this.#choose(4)]
      default:
        return [...this.#address(), 0x28, 0, 4]
    }
  }

  #i64(depth: number): number[] {
    switch (this.#choose(4)) {
      case 0:
        return [...this.#value('f64', depth), 0xbd] // reinterpret
      case 1:
        return [...this.#value('i64', depth), ...this.#value('i64', depth), 0x7c + this.#choose(3)]
      case 2:
        return [...this.#value('i32', depth), 0xac + this.#choose(2)]
      default:
        return [...this.#address(), 0x29, 0, 4]
    }
  }

  #float(type: 'f32' | 'f64', depth: number): number[] {
    const wide = type === 'f64'
    const one = () => this.#value(type, depth)
    switch (this.#choose(9)) {
      case 0:
      case 1:
        return this.#free(type, [...one(), ...one(), (wide ? 0xa0 : 0x92) + this.#choose(6)])
      case 2:
        return this.#free(type, [...one(), (wide ? 0x9b : 0x8d) + this.#choose(5)])
      case 3:
        return [...one(), (wide ? 0x99 : 0x8b) + this.#choose(2)] // abs, neg
      case 4:
        return [...one(), ...one(), wide ? 0xa6 : 0x98] // copysign
      case 5:
        return this.#free(type, [...this.#value(wide ? 'f32' : 'f64', depth), wide ? 0xbb : 0xb6])
      case 6:
        return [...this.#value(wide ? 'i64' : 'i32', depth), wide ? 0xbf : 0xbe]
      case 7:
        return wide ? this.#call(depth) : [0x23, 2]
      default:
        return [...this.#address(), wide ? 0x2b : 0x2a, 0, 4]
    }
  }

  /** Only functions that came before are called, directly or by table: no program recurses. */
  #call(depth: number): number[] {
    if (this.#function === 0) return [0x23, 1]
    const callee = this.#choose(this.#function)
    const given = (['i32', 'f64', 'f32', 'i64'] as const).flatMap((type) =>
      this.#value(type, Math.min(1, depth)),
    )
    if (this.#choose(2) === 0) return [...given, 0x10, callee]
    // A table may hold what JavaScript gave: what comes out of it counts as arithmetic.
    return this.#free('f64', [...given, ...int(callee), 0x11, callee, 0])
  }

  #vector(depth: number): number[] {
    const one = () => this.#value('v128', depth)
    const base = this.#choose(2) === 0 ? 224 : 236
    const lanes = base === 224 ? 'f32x4' : 'f64x2'
    switch (this.#choose(8)) {
      case 0:
      case 1:
      case 2: {
        const binary = base + 4 + this.#choose(6)
        return this.#free(lanes, [...one(), ...one(), 0xfd, ...opcode(binary)])
      }
      case 3:
        return this.#free(lanes, [...one(), 0xfd, ...opcode(base + 3)]) // sqrt
      case 4:
        return [...one(), 0xfd, ...opcode(base + this.#choose(2))] // abs, neg
      case 5:
        return [...one(), ...one(), 0xfd, ...opcode(base + 10 + this.#choose(2))] // pmin, pmax
      case 6:
        return [...this.#value('f64', depth), 0xfd, 20] // splat
      default:
        return [...this.#address(), 0xfd, 0, 0, 4]
    }
  }

  /** The value of an instruction that may give any NaN. */
  #free(lanes: 'f32' | 'f64' | 'f32x4' | 'f64x2', code: number[]): number[] {
    if (!this.#eager) return code
    const [local, nan, equal, choose] = {
      f32: [scratch.f32, [0x43, ...nan32], [0x5b], [0x1b]],
      f64: [scratch.f64, [0x44, ...nan64], [0x61], [0x1b]],
      f32x4: [scratch.v128, [0xfd, 12, ...nan32, ...nan32, ...nan32, ...nan32], [0xfd, 65], bits],
      f64x2: [scratch.v128, [0xfd, 12, ...nan64, ...nan64], [0xfd, 71], bits],
    }[lanes] as [number, number[], number[], number[]]
    return [...code, 0x22, local, ...nan, 0x20, local, 0x20, local, ...equal, ...choose]
  }
}

const nan32 = [0, 0, 0xc0, 0x7f]
const nan64 = [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]
const bits = [0xfd, 82]

function opcode(code: number): number[] {
  return code < 128 ? [code] : [(code & 0x7f) | 0x80, code >> 7]
}
