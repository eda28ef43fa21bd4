import { moduleInstructionRefused, moduleInvalid, moduleThreads } from '../guest/errors.ts'
import { ByteReader } from '../guest/module/byte-reader.ts'
import { moduleLimits } from './limits.ts'

/** Value types by their byte: 7f i32, 7e i64, 7d f32, 7c f64, 7b v128, 70 funcref, 6f externref. */
export type FunctionType = { readonly params: Uint8Array; readonly results: Uint8Array }

export const valueType = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const
const valueTypes = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f])

export const sectionId = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const

type Range = { readonly start: number; readonly end: number }

/** A module taken apart as far as preparing it needs. */
export type DecodedModule = {
  readonly bytes: Uint8Array
  /** Bodies of the sections by id, custom ones left out. */
  readonly sections: Map<number, Range>
  readonly types: FunctionType[]
  /** Type index of every function, imported ones first. */
  readonly functions: number[]
  /** Names of imported functions as `module.name`. */
  readonly functionImports: string[]
  globalCount: number
  readonly exportNames: Set<string>
  readonly exportedFunctions: number[]
  /** Functions that stand in a table, or whose reference is taken. */
  readonly referenced: Set<number>
  memory64: boolean
  hasMemory: boolean
  readonly bodies: Range[]
}

/** Order of sections in a file; custom ones may stand anywhere. */
const sectionOrder = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11]

/**
 * Takes a module apart. Throws `module-invalid`, `module-threads` or `module-instruction-refused`
 * where it is malformed, beyond a limit, or uses what is not accepted. What it gives is only
 * meaningful for bytes the engine finds valid: check that before trusting indexes.
 */
export function decodeModule(bytes: Uint8Array): DecodedModule {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 8 || header.getUint32(0) !== 0x0061736d || header.getUint32(4, true) !== 1)
    throw moduleInvalid('it does not begin like WebAssembly version 1')
  const module: DecodedModule = {
    bytes,
    sections: new Map(),
    types: [],
    functions: [],
    functionImports: [],
    globalCount: 0,
    exportNames: new Set(),
    exportedFunctions: [],
    referenced: new Set(),
    memory64: false,
    hasMemory: false,
    bodies: [],
  }
  const reader = new ByteReader(bytes, 8)
  let place = -1
  while (!reader.done) {
    const id = reader.byte()
    const body = reader.part(reader.unsigned())
    if (id === sectionId.custom) continue
    const found = sectionOrder.indexOf(id)
    if (id === 13)
      throw moduleInstructionRefused('an exception tag', 'exceptions are not accepted yet')
    if (found <= place) throw moduleInvalid(`section ${id} is unknown or out of order`)
    place = found
    module.sections.set(id, { start: body.at, end: body.end })
    readSection(module, id, body)
  }
  const defined = module.functions.length - module.functionImports.length
  if (module.bodies.length !== defined) throw moduleInvalid('functions and bodies differ in number')
  return module
}

function readSection(module: DecodedModule, id: number, body: ByteReader): void {
  if (id === sectionId.type) each(body, moduleLimits.types, 'types', () => readType(module, body))
  if (id === sectionId.import)
    each(body, moduleLimits.imports, 'imports', () => readImport(module, body))
  if (id === sectionId.function)
    each(body, moduleLimits.functions, 'functions', () => {
      module.functions.push(typeIndex(module, body))
    })
  if (id === sectionId.table) each(body, moduleLimits.tables, 'tables', () => readTable(body))
  if (id === sectionId.memory) each(body, 1, 'memories', () => readMemory(module, body))
  if (id === sectionId.global)
    each(body, moduleLimits.globals, 'globals', () => readGlobal(module, body))
  if (id === sectionId.export)
    each(body, moduleLimits.exports, 'exports', () => readExport(module, body))
  if (id === sectionId.element)
    each(body, moduleLimits.elementSegments, 'element segments', () => readElement(module, body))
  if (id === sectionId.code)
    each(body, moduleLimits.functions, 'bodies', () => {
      const part = body.part(body.unsigned())
      if (part.end - part.at > moduleLimits.bodyBytes)
        throw moduleInvalid(`a function has more than ${moduleLimits.bodyBytes} bytes`)
      module.bodies.push({ start: part.at, end: part.end })
    })
  if (id === sectionId.data) each(body, moduleLimits.dataSegments, 'data segments', () => {}, false)
}

/** Calls `read` for each entry of a vector; `whole`: nothing may follow it. */
function each(body: ByteReader, most: number, what: string, read: () => void, whole = true): void {
  const count = body.unsigned()
  if (count > most) throw moduleInvalid(`it has ${count} ${what}; ${most} are the most`)
  for (let i = 0; i < count; i++) read()
  if (whole && count > 0 && !body.done) throw moduleInvalid(`bytes follow its ${what}`)
}

function readType(module: DecodedModule, body: ByteReader): void {
  if (body.byte() !== 0x60)
    throw moduleInstructionRefused('a type other than a function', 'it is not accepted yet')
  module.types.push({ params: readValueTypes(body), results: readValueTypes(body) })
}

function readValueTypes(body: ByteReader): Uint8Array {
  const count = body.unsigned()
  if (count > moduleLimits.typeValues)
    throw moduleInvalid(`a function takes or gives ${count} values`)
  return Uint8Array.from({ length: count }, () => readValueType(body))
}

export function readValueType(body: ByteReader): number {
  const type = body.byte()
  if (!valueTypes.has(type))
    throw moduleInstructionRefused(
      `value type 0x${type.toString(16)}`,
      'typed references and garbage collection are not accepted yet',
    )
  return type
}

function typeIndex(module: DecodedModule, body: ByteReader): number {
  const index = body.unsigned()
  if (index >= module.types.length) throw moduleInvalid('a function has no type')
  return index
}

function readImport(module: DecodedModule, body: ByteReader): void {
  const name = `${body.name()}.${body.name()}`
  const kind = body.byte()
  if (kind !== 0) throw moduleInvalid(`its import ${name} is no function`)
  module.functionImports.push(name)
  module.functions.push(typeIndex(module, body))
}

function readTable(body: ByteReader): void {
  if (body.bytes[body.at] === 0x40) throw moduleInvalid('a table has an initialiser')
  readValueType(body)
  const flags = body.byte()
  if (flags > 1) throw moduleInvalid('a table has flags that are not accepted')
  if (body.unsigned() > moduleLimits.tableEntries)
    throw moduleInvalid(`a table has more than ${moduleLimits.tableEntries} entries`)
  if (flags === 1) body.unsigned()
}

function readMemory(module: DecodedModule, body: ByteReader): void {
  const flags = body.byte()
  if ((flags & 2) !== 0 && flags <= 7) throw moduleThreads('shared memory')
  if (flags > 5) throw moduleInvalid('its memory has flags that are not accepted')
  body.unsigned()
  if ((flags & 1) !== 0) body.unsigned()
  module.hasMemory = true
  module.memory64 = (flags & 4) !== 0
}

function readGlobal(module: DecodedModule, body: ByteReader): void {
  readValueType(body)
  if (body.byte() > 1) throw moduleInvalid('a global is neither mutable nor constant')
  readConstant(module, body)
  module.globalCount += 1
}

/** Passes over a constant expression and notes the functions it names. */
function readConstant(module: DecodedModule, body: ByteReader): void {
  for (;;) {
    const opcode = body.byte()
    if (opcode === 0x0b) return
    if (opcode === 0xd2) module.referenced.add(body.unsigned())
    else if (opcode === 0x43) body.skip(4)
    else if (opcode === 0x44) body.skip(8)
    else if (opcode === 0xfd) {
      if (body.unsigned() !== 12) throw moduleInvalid('a global has an unknown initialiser')
      body.skip(16)
    } else if (opcode === 0x23 || opcode === 0x41 || opcode === 0x42 || opcode === 0xd0)
      body.skipNumber()
    else throw moduleInvalid('a global has an unknown initialiser')
  }
}

function readExport(module: DecodedModule, body: ByteReader): void {
  module.exportNames.add(body.name())
  const kind = body.byte()
  const index = body.unsigned()
  if (kind === 0) module.exportedFunctions.push(index)
}

/** The eight forms of element segments (core specification §5.5.12). */
function readElement(module: DecodedModule, body: ByteReader): void {
  const form = body.unsigned()
  if (form > 7) throw moduleInvalid('an element segment has an unknown form')
  const active = (form & 1) === 0
  const explicit = (form & 2) !== 0
  const expressions = (form & 4) !== 0
  if (active && explicit) body.skipNumber()
  if (active) readConstant(module, body)
  if (!active || explicit) {
    if (expressions) readValueType(body)
    else if (body.byte() !== 0) throw moduleInvalid('an element segment has an unknown kind')
  }
  const count = body.unsigned()
  if (count > moduleLimits.elements) throw moduleInvalid(`an element segment has ${count} entries`)
  for (let i = 0; i < count; i++) {
    if (expressions) readConstant(module, body)
    else module.referenced.add(body.unsigned())
  }
}
