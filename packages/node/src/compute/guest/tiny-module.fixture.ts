import { encodeUnsigned } from './module/byte-reader.ts'

/** Instructions and types the tests write modules with. */
export const op = {
  i32: 0x7f,
  i64: 0x7e,
  f64: 0x7c,
  v128: 0x7b,
  unreachable: 0x00,
  call: 0x10,
  drop: 0x1a,
  localGet: 0x20,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Load: 0x28,
  i32Store: 0x36,
  f64Store: 0x39,
  i32Const: 0x41,
  i64Const: 0x42,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32And: 0x71,
} as const

/** Signed LEB128 of a 32-bit number. */
function signed(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>= 7) {
    const byte = rest & 0x7f
    const last = (rest >> 7 === 0 && !(byte & 0x40)) || (rest >> 7 === -1 && (byte & 0x40) !== 0)
    bytes.push(last ? byte : byte | 0x80)
    if (last) return bytes
  }
}

export function constant(value: number): number[] {
  return [op.i32Const, ...signed(value)]
}

type TinyImport = {
  readonly module?: string
  readonly name: string
  readonly params: number[]
  readonly results: number[]
}
export type TinyModule = {
  readonly imports?: TinyImport[]
  /** Body of `handle(message, environment) -> pointer`, without its end. */
  readonly handle?: number[]
  /** Flags, minimum and, where the flags say so, maximum pages. */
  readonly memory?: number[]
  /** Raw import entries that are not functions. */
  readonly otherImports?: number[][]
  /** Type and start value of more mutable globals, after the stack pointer. */
  readonly globals?: number[][]
  /** More exported functions: name, type (0 to 4 as below) and body. */
  readonly functions?: [string, number, number[]][]
  /** Exports left out. */
  readonly without?: string[]
}

/** Where the answer `{"ok":true}` stands, and memory the tests may write to. */
export const answerAt = 2048
export const scratchAt = 4096
const stackTop = 65_536
const answer = '{"ok":true}'

/**
 * A module that looks like emscripten's to the host: stack 1024..65536, globals, and one `handle`
 * of the test's making. Function indexes: imports first.
 */
export function tinyModule(tiny: TinyModule = {}): Uint8Array {
  const { i32 } = op
  const imports = tiny.imports ?? []
  const types = [
    [[], []],
    [[], [i32]],
    [[i32], [i32]],
    [[i32], []],
    [[i32, i32], [i32]],
    ...imports.map(({ params, results }) => [params, results]),
  ]
  const down = [op.globalGet, 0, op.localGet, 0, op.i32Sub, ...constant(-16), op.i32And]
  const functions: [string, number, number[]][] = [
    ['__wasm_call_ctors', 0, []],
    ['emscripten_stack_init', 0, []],
    ['emscripten_stack_get_current', 1, [op.globalGet, 0]],
    ['emscripten_stack_get_end', 1, constant(1024)],
    ['_emscripten_stack_alloc', 2, [...down, op.globalSet, 0, op.globalGet, 0]],
    ['_emscripten_stack_restore', 3, [op.localGet, 0, op.globalSet, 0]],
    ['handle', 4, tiny.handle ?? constant(answerAt)],
    ...(tiny.functions ?? []),
  ]
  const globals = [[i32, 1, ...constant(stackTop), 0x0b], ...(tiny.globals ?? [])]
  const exported = [
    ...functions.map(([name], i) => [...text(name), 0, ...encodeUnsigned(imports.length + i)]),
    [...text('memory'), 2, 0],
  ].filter((_, i) => !tiny.without?.includes(functions[i]?.[0] ?? 'memory'))
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types.map(([p = [], r = []]) => [0x60, ...bytes(p), ...bytes(r)]))),
    ...section(2, vector([...imports.map(importEntry), ...(tiny.otherImports ?? [])])),
    ...section(3, vector(functions.map(([, type]) => [type]))),
    ...(tiny.memory?.length === 0 ? [] : section(5, vector([tiny.memory ?? [1, 2, 4]]))),
    ...section(6, vector(globals)),
    ...section(7, vector(exported)),
    ...section(10, vector(functions.map(([, , body]) => bytes([0, ...body, 0x0b])))),
    ...section(11, vector([[0, ...constant(answerAt), 0x0b, ...text(`${answer}\0`)]])),
  ])
}

function importEntry({ module = 'env', name }: TinyImport, index: number): number[] {
  return [...text(module), ...text(name), 0, 5 + index]
}

function section(id: number, body: number[]): number[] {
  return [id, ...bytes(body)]
}

function vector(entries: number[][]): number[] {
  return [...encodeUnsigned(entries.length), ...entries.flat()]
}

function bytes(content: number[]): number[] {
  return [...encodeUnsigned(content.length), ...content]
}

export function text(value: string): number[] {
  return bytes([...Buffer.from(value)])
}
