import type { Form } from './spec-script.ts'

export type Kind = 'i32' | 'i64' | 'f32' | 'f64' | 'v128'
export type FunctionType = { readonly params: readonly Kind[]; readonly results: readonly Kind[] }

/** What a result must be: bytes, but for lanes that may hold any of a class of NaN. */
type Expected = { readonly kind: Kind; readonly text: string; readonly lanes: readonly Lane[] }
type Lane = { readonly at: number; readonly bytes: 4 | 8; readonly nan: 'canonical' | 'arithmetic' }

/** One action of a script with what must come of it; `expected` undefined: a trap. */
export type Step = {
  readonly name: string
  readonly type: FunctionType
  readonly args: readonly string[]
  readonly expected: readonly Expected[] | undefined
  readonly line: string
}

const laneBytes = { i8x16: 1, i16x8: 2, i32x4: 4, i64x2: 8, f32x4: 4, f64x2: 8 } as const
/** Where a step's results and what they must be are put, 16 bytes each. */
const foundAt = 0
const expectedAt = 1024
const slotBytes = 16

/** The text of a constant as an argument; undefined for references, which no accepted module takes. */
export function readArgument(form: Form, text: string): string | undefined {
  const source = text.slice(form.from, form.to)
  return /^\((?:[if](?:32|64)|v128)\.const\s/.test(source) ? source : undefined
}

/** What a result form says; undefined for references. */
export function readExpected(form: Form, text: string): Expected | undefined {
  if (readArgument(form, text) === undefined) return undefined
  const [head, ...values] = (form.items ?? []).map(({ from, to }) => text.slice(from, to))
  const kind = (head ?? '').split('.')[0] as Kind
  const shape = kind === 'v128' ? values.shift() : undefined
  const width = shape === undefined ? 8 : laneBytes[shape as keyof typeof laneBytes]
  const bytes = kind === 'f32' || width === 4 ? 4 : 8
  const lanes: Lane[] = []
  const plain = values.map((value, i) => {
    const nan = /^nan:(canonical|arithmetic)$/.exec(value)?.[1] as Lane['nan'] | undefined
    if (nan === undefined) return value
    lanes.push({ at: i * bytes, bytes, nan })
    return '0'
  })
  const parts = [head, ...(shape === undefined ? [] : [shape]), ...plain]
  return { kind, text: `(${parts.join(' ')})`, lanes }
}

/**
 * A module that runs the steps from within WebAssembly, so that no NaN passes through JavaScript. Exports `run0`,
 * `want0`…, which leave what they found and what is expected in its memory.
 */
export function driverText(steps: readonly Step[]): string {
  const types = new Map<string, FunctionType>()
  for (const { name, type } of steps) types.set(name, type)
  const names = [...types.keys()]
  const imports = [...types].map(([name, type], i) => {
    const { params, results } = type
    return `(import "tested" ${name} (func $f${i}${list('param', params)}${list('result', results)}))`
  })
  const functions = steps.flatMap((step, i) => [
    runText(`run${i}`, names.indexOf(step.name), step),
    ...(step.expected === undefined ? [] : [wantText(`want${i}`, step.expected)]),
  ])
  return `(module ${imports.join('\n')} (memory (export "memory") 1)\n${functions.join('\n')})`
}

function runText(name: string, index: number, { args, type: { results } }: Step): string {
  const locals = results.map((kind, i) => `(local $r${i} ${kind})`).join(' ')
  // The last result is on top of the stack.
  const takes = results.map((_, i) => `(local.set $r${i})`).reverse()
  const keeps = results.map((kind, i) => store(kind, foundAt + i * slotBytes, `(local.get $r${i})`))
  return `(func (export "${name}") ${locals} ${args.join(' ')} call $f${index} ${takes.join(' ')} ${keeps.join(' ')})`
}

function wantText(name: string, expected: readonly Expected[]): string {
  const keeps = expected.map(({ kind, text }, i) => store(kind, expectedAt + i * slotBytes, text))
  return `(func (export "${name}") ${keeps.join(' ')})`
}

function store(kind: Kind, at: number, value: string): string {
  return `(${kind}.store (i32.const ${at}) ${value})`
}

function list(what: string, kinds: readonly Kind[]): string {
  return kinds.length === 0 ? '' : ` (${what} ${kinds.join(' ')})`
}

/** Tells whether a step's results, in the driver's memory, are among those allowed. */
export function isAllowed(memory: Uint8Array, expected: readonly Expected[]): boolean {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength)
  return expected.every(({ lanes }, i) => {
    const found = foundAt + i * slotBytes
    const wanted = expectedAt + i * slotBytes
    const open = new Set(lanes.flatMap(({ at, bytes }) => range(at, bytes)))
    for (let at = 0; at < slotBytes; at++) {
      if (!open.has(at) && memory[found + at] !== memory[wanted + at]) return false
    }
    return lanes.every((lane) => isNan(view, found + lane.at, lane))
  })
}

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i)
}

function isNan(view: DataView, at: number, { bytes, nan }: Lane): boolean {
  const bits = bytes === 4 ? BigInt(view.getUint32(at, true)) : view.getBigUint64(at, true)
  const quiet = bytes === 4 ? 0x7fc0_0000n : 0x7ff8_0000_0000_0000n
  const sign = bytes === 4 ? 0x8000_0000n : 0x8000_0000_0000_0000n
  const size = bits & ~sign
  return nan === 'canonical' ? size === quiet : (size & quiet) === quiet
}
