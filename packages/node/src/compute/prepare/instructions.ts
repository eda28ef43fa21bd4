import type { InstructionClass } from '@heddle/protocol/params'

/**
 * The accepted instructions (core specification §5.4): MVP, sign extension, saturating conversions,
 * bulk memory without segments, multi-value, the reference types that change nothing, fixed-width
 * SIMD. What is not in here is refused.
 *
 * An instruction is one number: its opcode; 256 + the second opcode after 0xfc; 512 + after 0xfd.
 */
export const bulkBase = 256
export const vectorBase = 512
const tableLength = 768

/** Lanes that a NaN may stand in. A bit each, so that several make a set. */
export const shape = { none: 0, f32: 1, f64: 2, f32x4: 4, f64x2: 8 } as const

/**
 * What follows an opcode: nothing, a number, a memory argument, raw bytes (digits), one of those
 * that `read-instruction.ts` names.
 */
export type Operands = 'none' | 'index' | 'memory' | 'lane' | 'memory-lane' | 'control' | number

export type Instruction = {
  readonly operands: Operands
  readonly pops: number
  readonly pushes: number
  readonly class: InstructionClass
  /** Shape whose NaN bits the operands may have without being seen; none: any bit may be seen. */
  readonly takes: number
  /** Shape in which the result may be a NaN of an engine's choice; none: it is fixed. */
  readonly gives: number
}

const table: (Instruction | undefined)[] = new Array(tableLength).fill(undefined)

/** The instruction of a number, undefined where it is not accepted. */
export function instructionAt(code: number): Instruction | undefined {
  return table[code]
}

type Extra = Partial<Omit<Instruction, 'pops' | 'pushes'>>

function put(from: number, to: number, pops: number, pushes: number, extra: Extra = {}): void {
  const plain = { operands: 'none', class: 'simple', takes: 0, gives: 0 } as const
  table.fill({ ...plain, ...extra, pops, pushes }, from, to + 1)
}

function vector(from: number, to: number, pops: number, extra: Extra = {}, pushes = 1): void {
  put(vectorBase + from, vectorBase + to, pops, pushes, { class: 'float', ...extra })
}

/** Float arithmetic: blind to the bits of a NaN it takes, free in those of one it gives. */
function arithmetic(from: number, to: number, pops: number, lanes: number, extra: Extra = {}) {
  put(from, to, pops, 1, { class: 'float', takes: lanes, gives: lanes, ...extra })
}

function putControl(): void {
  const control: Extra = { operands: 'control', class: 'branch' }
  put(0x00, 0x00, 0, 0, { class: 'branch' }) // unreachable
  put(0x01, 0x01, 0, 0, { class: 'free' }) // nop
  put(0x02, 0x02, 0, 0, { ...control, class: 'free' }) // block
  put(0x03, 0x04, 0, 0, control) // loop, if
  put(0x05, 0x05, 0, 0, { class: 'free' }) // else
  put(0x0b, 0x0b, 0, 0, { class: 'free' }) // end
  put(0x0c, 0x0d, 0, 0, { ...control, operands: 'index' }) // br, br_if
  put(0x0e, 0x0e, 0, 0, { ...control, class: 'table' }) // br_table
  put(0x0f, 0x0f, 0, 0, { class: 'branch' }) // return
  put(0x10, 0x10, 0, 0, { operands: 'index', class: 'call' })
  put(0x11, 0x11, 0, 0, { operands: 'control', class: 'indirectCall' })
}

function putParametric(): void {
  put(0x1a, 0x1a, 1, 0, { class: 'free' }) // drop
  put(0x1b, 0x1b, 3, 1) // select
  put(0x1c, 0x1c, 3, 1, { operands: 'control' }) // select t
  put(0x20, 0x20, 0, 1, { operands: 'index', class: 'free' }) // local.get
  put(0x21, 0x21, 1, 0, { operands: 'index' }) // local.set
  put(0x22, 0x22, 1, 1, { operands: 'index', class: 'free' }) // local.tee
  put(0x23, 0x23, 0, 1, { operands: 'index' }) // global.get
  put(0x24, 0x24, 1, 0, { operands: 'index', class: 'memory' }) // global.set
  put(0x25, 0x25, 1, 1, { operands: 'index', class: 'memory' }) // table.get
  put(0x28, 0x35, 1, 1, { operands: 'memory', class: 'memory' }) // loads
  put(0x36, 0x3e, 2, 0, { operands: 'memory', class: 'memory' }) // stores
  put(0x3f, 0x3f, 0, 1, { operands: 'index' }) // memory.size
  put(0x40, 0x40, 1, 1, { operands: 'index', class: 'bulk' }) // memory.grow
  put(0x41, 0x42, 0, 1, { operands: 'index', class: 'free' }) // i32.const, i64.const
  put(0x43, 0x43, 0, 1, { operands: 4, class: 'free' }) // f32.const
  put(0x44, 0x44, 0, 1, { operands: 8, class: 'free' }) // f64.const
  put(0xd0, 0xd0, 0, 1, { operands: 'index', class: 'free' }) // ref.null
  put(0xd1, 0xd1, 1, 1) // ref.is_null
  put(0xd2, 0xd2, 0, 1, { operands: 'index' }) // ref.func
}

function putIntegers(): void {
  put(0x45, 0x45, 1, 1) // i32.eqz
  put(0x46, 0x4f, 2, 1) // i32 comparisons
  put(0x50, 0x50, 1, 1) // i64.eqz
  put(0x51, 0x5a, 2, 1) // i64 comparisons
  put(0x67, 0x69, 1, 1) // i32 clz, ctz, popcnt
  put(0x6a, 0x78, 2, 1)
  put(0x6d, 0x70, 2, 1, { class: 'division' })
  put(0x79, 0x7b, 1, 1) // i64 clz, ctz, popcnt
  put(0x7c, 0x8a, 2, 1)
  put(0x7f, 0x82, 2, 1, { class: 'division' })
  put(0xa7, 0xa7, 1, 1) // i32.wrap_i64
  put(0xac, 0xad, 1, 1) // i64.extend_i32
  put(0xc0, 0xc4, 1, 1) // sign extension
}

function putFloats(): void {
  const { f32, f64 } = shape
  const division: Extra = { class: 'division' }
  put(0x5b, 0x60, 2, 1, { class: 'float', takes: f32 }) // f32 comparisons
  put(0x61, 0x66, 2, 1, { class: 'float', takes: f64 })
  put(0x8b, 0x8c, 1, 1) // f32.abs, f32.neg: the sign of a NaN counts
  arithmetic(0x8d, 0x91, 1, f32) // ceil, floor, trunc, nearest, sqrt
  arithmetic(0x92, 0x97, 2, f32) // add, sub, mul, div, min, max
  put(0x98, 0x98, 2, 1) // f32.copysign
  put(0x99, 0x9a, 1, 1)
  arithmetic(0x9b, 0x9f, 1, f64)
  arithmetic(0xa0, 0xa5, 2, f64)
  put(0xa6, 0xa6, 2, 1)
  for (const [unary, binary, lanes] of [
    [0x91, 0x95, f32],
    [0x9f, 0xa3, f64],
  ] as const) {
    arithmetic(unary, unary, 1, lanes, division) // sqrt
    arithmetic(binary, binary, 2, lanes, division) // div
  }
  put(0xa8, 0xa9, 1, 1, { class: 'float', takes: f32 }) // i32.trunc_f32
  put(0xaa, 0xab, 1, 1, { class: 'float', takes: f64 })
  put(0xae, 0xaf, 1, 1, { class: 'float', takes: f32 })
  put(0xb0, 0xb1, 1, 1, { class: 'float', takes: f64 })
  put(0xb2, 0xb5, 1, 1, { class: 'float' }) // f32.convert_i
  put(0xb6, 0xb6, 1, 1, { class: 'float', takes: f64, gives: f32 }) // f32.demote_f64
  put(0xb7, 0xba, 1, 1, { class: 'float' }) // f64.convert_i
  put(0xbb, 0xbb, 1, 1, { class: 'float', takes: f32, gives: f64 }) // f64.promote_f32
  put(0xbc, 0xbf, 1, 1) // reinterpret
}

function putBulk(): void {
  for (const [from, takes] of [
    [0, shape.f32],
    [2, shape.f64],
    [4, shape.f32],
    [6, shape.f64],
  ] as const)
    put(bulkBase + from, bulkBase + from + 1, 1, 1, { class: 'float', takes }) // trunc_sat
  put(bulkBase + 10, bulkBase + 10, 3, 0, { operands: 'control', class: 'bulk' }) // memory.copy
  put(bulkBase + 11, bulkBase + 11, 3, 0, { operands: 'index', class: 'bulk' }) // memory.fill
  put(bulkBase + 16, bulkBase + 16, 0, 1, { operands: 'index' }) // table.size
}

function putVectorMemory(): void {
  const memory: Extra = { operands: 'memory', class: 'memory' }
  const memoryLane: Extra = { operands: 'memory-lane', class: 'memory' }
  vector(0, 10, 1, memory) // loads
  vector(11, 11, 2, memory, 0) // v128.store
  vector(12, 12, 0, { operands: 16, class: 'free' }) // v128.const
  vector(13, 13, 2, { operands: 16 }) // i8x16.shuffle
  vector(14, 14, 2) // i8x16.swizzle
  vector(15, 20, 1) // splat
  for (const extract of [21, 22, 24, 25, 27, 29, 31, 33])
    vector(extract, extract, 1, { operands: 'lane' })
  for (const replace of [23, 26, 28, 30, 32, 34]) vector(replace, replace, 2, { operands: 'lane' })
  vector(84, 87, 2, memoryLane) // load lane
  vector(88, 91, 2, memoryLane, 0) // store lane
  vector(92, 93, 1, memory) // load and extend with zeros
}

function putVectorIntegers(): void {
  vector(35, 64, 2) // integer comparisons
  vector(77, 77, 1) // v128.not
  vector(78, 81, 2) // and, andnot, or, xor
  vector(82, 82, 3) // bitselect
  vector(83, 83, 1) // any_true
  for (const base of [96, 128, 160, 192]) {
    const byteLanes = base === 96
    vector(base, base + 1, 1) // abs, neg
    if (byteLanes) vector(98, 98, 1) // popcnt
    if (base === 128) vector(130, 130, 2) // q15mulr_sat
    vector(base + 3, base + 4, 1) // all_true, bitmask
    if (base <= 128) vector(base + 5, base + 6, 2) // narrow
    if (!byteLanes) vector(base + 7, base + 10, 1) // extend
    vector(base + 11, base + 13, 2) // shifts
  }
  vector(110, 115, 2) // i8x16 add, sub, saturating
  vector(118, 121, 2) // min, max
  vector(123, 123, 2) // avgr
  vector(124, 127, 1) // extadd_pairwise
  vector(142, 147, 2) // i16x8 add, sub, saturating
  vector(149, 153, 2) // mul, min, max
  vector(155, 159, 2) // avgr, extmul
  for (const one of [174, 177, 181]) vector(one, one, 2) // i32x4 add, sub, mul
  vector(182, 186, 2) // min, max, dot
  vector(188, 191, 2) // extmul
  for (const one of [206, 209, 213]) vector(one, one, 2) // i64x2 add, sub, mul
  vector(214, 223, 2) // i64x2 comparisons, extmul
}

function putVectorFloats(): void {
  const { f32x4, f64x2 } = shape
  const lanes = (taken: number, given: number): Extra => ({ takes: taken, gives: given })
  vector(65, 70, 2, lanes(f32x4, 0)) // comparisons
  vector(71, 76, 2, lanes(f64x2, 0))
  vector(94, 94, 1, lanes(f64x2, f32x4)) // demote
  vector(95, 95, 1, lanes(f32x4, f64x2)) // promote
  vector(103, 106, 1, lanes(f32x4, f32x4)) // ceil, floor, trunc, nearest
  for (const one of [116, 117, 122, 148]) vector(one, one, 1, lanes(f64x2, f64x2))
  for (const [base, both] of [
    [224, f32x4],
    [236, f64x2],
  ] as const) {
    const divides = { ...lanes(both, both), class: 'division' } as const
    vector(base, base + 1, 1) // abs, neg
    vector(base + 3, base + 3, 1, divides) // sqrt
    vector(base + 4, base + 9, 2, lanes(both, both)) // add, sub, mul, div, min, max
    vector(base + 7, base + 7, 2, divides)
    vector(base + 10, base + 11, 2) // pmin, pmax: give one operand as it is
  }
  vector(248, 249, 1, lanes(f32x4, 0)) // i32x4.trunc_sat_f32x4
  vector(250, 251, 1) // f32x4.convert_i32x4
  vector(252, 253, 1, lanes(f64x2, 0))
  vector(254, 255, 1)
}

putControl()
putParametric()
putIntegers()
putFloats()
putBulk()
putVectorMemory()
putVectorIntegers()
putVectorFloats()
