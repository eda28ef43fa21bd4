import { moduleInvalid, moduleThreads } from '../errors.ts'
import { ByteReader } from './byte-reader.ts'

type ValueKind = 'i32' | 'i64' | 'f32' | 'f64' | 'other'
export type Signature = { readonly params: ValueKind[]; readonly results: ValueKind[] }
export type FunctionImport = { readonly name: string; readonly signature: Signature }
type ModuleMemory = {
  readonly is64: boolean
  readonly minBytes: number
  /** Undefined where the module names no maximum. */
  readonly maxBytes: number | undefined
}
/** `head` is where the id byte stands, `start` where the body begins. */
type Section = {
  readonly id: number
  readonly head: number
  readonly start: number
  readonly end: number
}

/** What a module asks for and offers, read from its bytes. */
export type ModuleShape = {
  readonly functionImports: FunctionImport[]
  /** Imports that are not functions, as `module.name`. */
  readonly otherImports: string[]
  readonly memories: ModuleMemory[]
  /** Kinds of the module's own mutable globals by index. */
  readonly mutableGlobals: { readonly index: number; readonly kind: ValueKind }[]
  readonly exports: Map<string, Signature | 'other'>
  readonly sections: Section[]
}

const wasmPageBytes = 65_536
const valueKinds = new Map<number, ValueKind>([
  [0x7f, 'i32'],
  [0x7e, 'i64'],
  [0x7d, 'f32'],
  [0x7c, 'f64'],
  [0x7b, 'other'], // v128
  [0x70, 'other'], // funcref
  [0x6f, 'other'], // externref
])

/**
 * Reads the sections of a WebAssembly module (core specification §5.5). Throws `module-invalid` on
 * malformed bytes and `module-threads` on shared memory. Code is not looked at.
 */
export function readShape(bytes: Uint8Array): ModuleShape {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 8 || header.getUint32(0) !== 0x0061736d || header.getUint32(4, true) !== 1)
    throw moduleInvalid('it does not begin like WebAssembly version 1')
  const types: Signature[] = []
  const functions: Signature[] = []
  const shape: ModuleShape = {
    functionImports: [],
    otherImports: [],
    memories: [],
    mutableGlobals: [],
    exports: new Map(),
    sections: [],
  }
  const reader = new ByteReader(bytes, 8)
  while (!reader.done) {
    const head = reader.at
    const id = reader.byte()
    const body = reader.part(reader.unsigned())
    shape.sections.push({ id, head, start: body.at, end: body.end })
    if (id === 1) for (let n = body.unsigned(); n > 0; n--) types.push(readSignature(body))
    if (id === 2)
      for (let n = body.unsigned(); n > 0; n--) readImport(body, shape, types, functions)
    if (id === 3) for (let n = body.unsigned(); n > 0; n--) functions.push(typeAt(types, body))
    if (id === 5) for (let n = body.unsigned(); n > 0; n--) shape.memories.push(readMemory(body))
    if (id === 6) readGlobals(body, shape)
    if (id === 7) readExports(body, shape, functions)
  }
  return shape
}

function readSignature(reader: ByteReader): Signature {
  if (reader.byte() !== 0x60) throw moduleInvalid('it defines types other than functions')
  return { params: readKinds(reader), results: readKinds(reader) }
}

function readKinds(reader: ByteReader): ValueKind[] {
  const kinds: ValueKind[] = []
  for (let n = reader.unsigned(); n > 0; n--) kinds.push(readKind(reader))
  return kinds
}

function readKind(reader: ByteReader): ValueKind {
  const kind = valueKinds.get(reader.byte())
  if (kind === undefined) throw moduleInvalid('it uses value types that are not known here')
  return kind
}

function typeAt(types: Signature[], reader: ByteReader): Signature {
  const type = types[reader.unsigned()]
  if (type === undefined) throw moduleInvalid('a function has no type')
  return type
}

function readImport(
  reader: ByteReader,
  shape: ModuleShape,
  types: Signature[],
  functions: Signature[],
): void {
  const name = `${reader.name()}.${reader.name()}`
  const kind = reader.byte()
  if (kind === 0) {
    const signature = typeAt(types, reader)
    functions.push(signature)
    shape.functionImports.push({ name, signature })
    return
  }
  shape.otherImports.push(name)
  if (kind === 1) {
    reader.byte()
    readLimits(reader)
  } else if (kind === 2) readMemory(reader)
  else if (kind === 3) reader.skip(2)
  else if (kind === 4) {
    reader.byte()
    reader.skipNumber()
  } else throw moduleInvalid(`import ${name} is of an unknown kind`)
}

type Limits = { flags: number; min: number; max: number | undefined }

function readLimits(reader: ByteReader): Limits {
  const flags = reader.byte()
  if (flags > 7) throw moduleInvalid('a memory or table has unknown flags')
  return { flags, min: reader.unsigned(), max: flags & 1 ? reader.unsigned() : undefined }
}

function readMemory(reader: ByteReader): ModuleMemory {
  const { flags, min, max } = readLimits(reader)
  if (flags & 2) throw moduleThreads('shared memory')
  return {
    is64: (flags & 4) !== 0,
    minBytes: min * wasmPageBytes,
    maxBytes: max === undefined ? undefined : max * wasmPageBytes,
  }
}

function readGlobals(reader: ByteReader, shape: ModuleShape): void {
  const count = reader.unsigned()
  for (let index = 0; index < count; index++) {
    const kind = readKind(reader)
    const mutable = reader.byte() === 1
    skipConstantExpression(reader)
    if (mutable) shape.mutableGlobals.push({ index, kind })
  }
}

/** Passes over an initialiser: constants, `global.get`, `ref.*` and integer arithmetic. */
function skipConstantExpression(reader: ByteReader): void {
  for (;;) {
    const opcode = reader.byte()
    if (opcode === 0x0b) return
    if (opcode === 0x43) reader.skip(4)
    else if (opcode === 0x44) reader.skip(8)
    else if (opcode === 0xfd) {
      if (reader.unsigned() !== 12) throw moduleInvalid('a global has an unknown initialiser')
      reader.skip(16)
    } else if ([0x23, 0x41, 0x42, 0xd0, 0xd2].includes(opcode)) reader.skipNumber()
    else if (![0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e].includes(opcode))
      throw moduleInvalid('a global has an unknown initialiser')
  }
}

function readExports(reader: ByteReader, shape: ModuleShape, functions: Signature[]): void {
  for (let n = reader.unsigned(); n > 0; n--) {
    const name = reader.name()
    const kind = reader.byte()
    const index = reader.unsigned()
    shape.exports.set(name, (kind === 0 ? functions[index] : undefined) ?? 'other')
  }
}
