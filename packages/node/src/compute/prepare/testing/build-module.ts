import { ByteWriter } from '../byte-writer.ts'

/** Value types as the tests name them. */
export const types = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const

type BuiltFunction = {
  readonly params: readonly number[]
  readonly results: readonly number[]
  /** One type each. */
  readonly locals?: readonly number[]
  /** Instructions without the end. */
  readonly code: readonly number[]
  readonly name?: string
}
export type BuiltModule = {
  readonly imports?: readonly {
    /** `env` where it is not said. */
    readonly space?: string
    readonly name: string
    readonly params: readonly number[]
    readonly results: readonly number[]
  }[]
  readonly functions: readonly BuiltFunction[]
  /** Type and initialiser, all mutable; exported as `g0`, `g1`… */
  readonly globals?: readonly (readonly number[])[]
  /** Functions in the table, from entry 0. */
  readonly table?: readonly number[]
  /** Flags, minimum and maximum pages; exported as `memory`. */
  readonly memory?: readonly number[]
  readonly start?: number
}

/** Bytes of a module; function n has type n, after one type for each import. */
export function buildModule(module: BuiltModule): Uint8Array<ArrayBuffer> {
  const { imports = [], functions, globals = [], table } = module
  const first = imports.length
  const out = new ByteWriter()
  out.bytes([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])
  section(out, 1, [...imports, ...functions], (to, { params, results }) => {
    to.byte(0x60)
    to.sized(Uint8Array.from(params))
    to.sized(Uint8Array.from(results))
  })
  section(out, 2, imports, (to, { space = 'env', name }, i) => {
    to.sized(Buffer.from(space))
    to.sized(Buffer.from(name))
    to.byte(0)
    to.unsigned(i)
  })
  section(out, 3, functions, (to, _each, i) => to.unsigned(first + i))
  if (table) section(out, 4, [table.length], (to, length) => to.bytes([0x70, 1, length, length]))
  section(out, 5, [module.memory ?? [1, 1, 2]], (to, limits) => to.bytes(limits))
  section(out, 6, globals, (to, [type = 0, ...initial]) => to.bytes([type, 1, ...initial, 0x0b]))
  const exported: [string, number, number][] = [['memory', 2, 0]]
  functions.forEach(({ name }, i) => {
    if (name !== undefined) exported.push([name, 0, first + i])
  })
  globals.forEach((_each, i) => {
    exported.push([`g${i}`, 3, i])
  })
  section(out, 7, exported, (to, [name, kind, index]) => {
    to.sized(Buffer.from(name))
    to.byte(kind)
    to.unsigned(index)
  })
  if (module.start !== undefined) out.bytes([8, 1, module.start])
  if (table)
    section(out, 9, [table], (to, refs) => to.bytes([0, 0x41, 0, 0x0b, refs.length, ...refs]))
  section(out, 10, functions, (to, { locals = [], code }) => {
    const body = new ByteWriter()
    body.unsigned(locals.length)
    for (const type of locals) body.bytes([1, type])
    body.bytes(code)
    body.byte(0x0b)
    to.sized(body.view())
  })
  return new Uint8Array(out.take())
}

function section<Entry>(
  out: ByteWriter,
  id: number,
  entries: readonly Entry[],
  write: (to: ByteWriter, entry: Entry, index: number) => void,
): void {
  if (entries.length === 0) return
  const body = new ByteWriter()
  body.unsigned(entries.length)
  entries.forEach((entry, i) => {
    write(body, entry, i)
  })
  out.byte(id)
  out.sized(body.view())
}

export function int(value: number): number[] {
  return [0x41, ...signed(value)]
}

export function long(value: number): number[] {
  return [0x42, ...signed(value)]
}

function signed(value: number): number[] {
  const out = new ByteWriter()
  out.signed(value)
  return [...out.view()]
}
