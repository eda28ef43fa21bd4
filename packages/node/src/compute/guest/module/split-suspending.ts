import { encodeText } from '@heddle/protocol/base'
import { ByteWriter } from '../../prepare/byte-writer.ts'
import { type DecodedModule, decodeModule, sectionId } from '../../prepare/decode.ts'
import { extendSection, indexEntry } from '../../prepare/extend-section.ts'
import { walkBody } from '../../prepare/walk.ts'
import { ByteReader } from './byte-reader.ts'

/**
 * Binaryen's asyncify has every function look, around every call, whether the module is being
 * unwound or rewound. For aos that is two fifths of its time, and it is never so in a message that
 * opens no file. So a module gets each function twice: as it was (*suspending*, under new
 * indexes, with a table of its own), and *direct*, with the asyncify state read as 0. Memory and
 * globals are shared. A direct function does what the suspending one does while nothing suspends,
 * and counts the same gas.
 */

/** Exports of the suspending functions (and of their table) have the name of the direct one after this. */
export const suspendingPrefix = 'heddle:suspending:'

const opcode = { end: 0x0b, call: 0x10, callIndirect: 0x11, globalGet: 0x23, globalSet: 0x24 }
const stateSetters = ['start_unwind', 'stop_unwind', 'start_rewind', 'stop_rewind']

/**
 * The global that asyncify keeps its state in; undefined for a module without asyncify, or with one
 * of another make. `bytes` are a valid module.
 */
export function findSuspendState(bytes: Uint8Array): number | undefined {
  const module = decodeModule(bytes)
  const exports = exportedFunctions(module)
  const imports = module.functionImports.length
  const getter = module.bodies[(exports.get('asyncify_get_state') ?? -1) - imports]
  const setters = stateSetters.map((name) => exports.get(`asyncify_${name}`))
  if (getter === undefined || setters.includes(undefined)) return undefined
  const reader = new ByteReader(bytes, getter.start, getter.end)
  if (reader.byte() !== 0 || reader.byte() !== opcode.globalGet) return undefined
  const state = reader.unsigned()
  if (reader.byte() !== opcode.end || !reader.done) return undefined
  const others = module.bodies.filter((_, i) => !setters.includes(i + imports))
  return others.some((body) => sets(module, body, state)) ? undefined : state
}

function sets(module: DecodedModule, body: Body, state: number): boolean {
  let found = false
  walkBody(module, body, (code, _at, operandsAt, end) => {
    if (code === opcode.globalSet)
      found ||= new ByteReader(module.bytes, operandsAt, end).unsigned() === state
  })
  return found
}

type Body = { readonly start: number; readonly end: number }

/**
 * The module with direct functions under the old indexes and names, and suspending ones behind
 * them. Undefined where it has a form that is not known here: then it stays as it is.
 */
export function splitSuspending(bytes: Uint8Array, state: number): Uint8Array | undefined {
  const module = decodeModule(bytes)
  const tables = tableCopies(module)
  const elements = elementCopies(module)
  if (tables === undefined || elements === undefined) return undefined
  const added = new Map<number, readonly Uint8Array[]>([
    [sectionId.function, definedTypes(module)],
    [sectionId.table, tables],
    [sectionId.export, exportCopies(module)],
    [sectionId.element, elements],
  ])
  const out = new ByteWriter(bytes.length * 2)
  out.bytes(bytes.subarray(0, 8))
  for (const [id, { start, end }] of module.sections) {
    const section = new ByteWriter()
    if (id === sectionId.code) writeCode(section, module, state)
    else if (added.has(id)) extendSection(section, bytes.subarray(start, end), added.get(id) ?? [])
    else section.bytes(bytes.subarray(start, end))
    out.byte(id)
    out.sized(section.view())
  }
  return out.take()
}

/** Suspending functions stand behind all others; imported ones are the same for both. */
function suspendingIndex(module: DecodedModule, index: number): number {
  return index < module.functionImports.length ? index : index + module.bodies.length
}

function definedTypes(module: DecodedModule): Uint8Array[] {
  return module.functions.slice(module.functionImports.length).map(indexEntry)
}

/** The one table again. */
function tableCopies({ bytes, sections }: DecodedModule): Uint8Array[] | undefined {
  const section = sections.get(sectionId.table)
  if (section === undefined) return []
  const reader = new ByteReader(bytes, section.start, section.end)
  if (reader.unsigned() !== 1) return undefined
  return [bytes.subarray(reader.at, section.end)]
}

/** Segments that fill the table as the module starts, for the other table. */
function elementCopies(module: DecodedModule): Uint8Array[] | undefined {
  const section = module.sections.get(sectionId.element)
  if (section === undefined) return []
  const reader = new ByteReader(module.bytes, section.start, section.end)
  const copies: Uint8Array[] = []
  for (let left = reader.unsigned(); left > 0; left--) {
    if (reader.unsigned() !== 0) return undefined
    const copy = new ByteWriter()
    // Active, with an explicit table, of function indexes (core specification §5.5.12).
    copy.bytes([2, 1])
    const offsetAt = reader.at
    reader.byte()
    reader.skipNumber()
    if (reader.byte() !== opcode.end) return undefined
    copy.bytes(module.bytes.subarray(offsetAt, reader.at))
    copy.byte(0)
    const count = reader.unsigned()
    copy.unsigned(count)
    for (let i = 0; i < count; i++) copy.unsigned(suspendingIndex(module, reader.unsigned()))
    copies.push(copy.take())
  }
  return copies
}

const exportKind = { function: 0, table: 1 }

function* exportsOf({ bytes, sections }: DecodedModule) {
  const section = sections.get(sectionId.export)
  if (section === undefined) return
  const reader = new ByteReader(bytes, section.start, section.end)
  for (let left = reader.unsigned(); left > 0; left--) {
    const name = reader.name()
    const kind = reader.byte()
    yield { name, kind, index: reader.unsigned() }
  }
}

function exportedFunctions(module: DecodedModule): Map<string, number> {
  const functions = [...exportsOf(module)].filter(({ kind }) => kind === exportKind.function)
  return new Map(functions.map(({ name, index }) => [name, index]))
}

function exportCopies(module: DecodedModule): Uint8Array[] {
  const copies: Uint8Array[] = []
  for (const { name, kind, index } of exportsOf(module)) {
    if (kind !== exportKind.function && kind !== exportKind.table) continue
    const copy = new ByteWriter()
    copy.sized(encodeText(`${suspendingPrefix}${name}`))
    copy.byte(kind)
    copy.unsigned(kind === exportKind.table ? 1 : suspendingIndex(module, index))
    copies.push(copy.take())
  }
  return copies
}

function writeCode(section: ByteWriter, module: DecodedModule, state: number): void {
  section.unsigned(2 * module.bodies.length)
  for (const body of module.bodies) section.sized(directBody(module, body, state))
  for (const body of module.bodies) section.sized(suspendingBody(module, body))
}

/** The body with every reading of the state replaced by 0, in as many bytes. */
function directBody(module: DecodedModule, body: Body, state: number): Uint8Array {
  const copy = new Uint8Array(module.bytes.subarray(body.start, body.end))
  walkBody(module, body, (code, at, operandsAt, end) => {
    if (code !== opcode.globalGet) return
    if (new ByteReader(module.bytes, operandsAt, end).unsigned() !== state) return
    // i32.const 0, its number padded to the length of the index.
    copy.fill(0x80, at - body.start + 1, end - body.start)
    copy[at - body.start] = 0x41
    copy[end - body.start - 1] = 0
  })
  return copy
}

/** The body with its calls led to suspending functions. */
function suspendingBody(module: DecodedModule, body: Body): Uint8Array {
  const out = new ByteWriter(body.end - body.start + 64)
  let copiedTo = body.start
  walkBody(module, body, (code, _at, operandsAt, end) => {
    if (code !== opcode.call && code !== opcode.callIndirect) return
    out.bytes(module.bytes.subarray(copiedTo, operandsAt))
    const index = new ByteReader(module.bytes, operandsAt, end).unsigned()
    if (code === opcode.call) out.unsigned(suspendingIndex(module, index))
    else {
      out.unsigned(index)
      out.byte(1)
    }
    copiedTo = end
  })
  out.bytes(module.bytes.subarray(copiedTo, body.end))
  return out.take()
}
