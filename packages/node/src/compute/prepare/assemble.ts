import { callStack, gasTable } from '@heddle/protocol/params'
import { moduleInvalid } from '../guest/errors.ts'
import { ByteReader } from '../guest/module/byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { type DecodedModule, sectionId, valueType } from './decode.ts'
import {
  type Additions,
  type EmittedBody,
  op,
  writeCharge,
  writeCheck,
  writeLocal,
  writeSync,
} from './emit.ts'
import { extendSection, indexEntry } from './extend-section.ts'
import { growFunctionBody } from './grow-function.ts'
import { moduleLimits } from './limits.ts'

/** Names of the globals a prepared module exports for its host. */
export const meterNames = {
  gas: 'heddle:gas',
  stack: 'heddle:stack',
  pages: 'heddle:pages',
  refused: 'heddle:refused',
} as const

/** A function before it is put together. */
export type PreparedFunction = EmittedBody & {
  readonly start: number
  readonly codeStart: number
  readonly type: number
  readonly entryCost: number
  /** Parameters and locals of the body as it was. */
  readonly localCount: number
  readonly calls: boolean
}

/** Indexes of what will be added, all behind what is there: nothing is renumbered. */
export function planAdditions(module: DecodedModule): Additions {
  return {
    gasGlobal: module.globalCount,
    stackGlobal: module.globalCount + 1,
    pagesGlobal: module.globalCount + 2,
    refusedGlobal: module.globalCount + 3,
    growFunction: module.functions.length,
  }
}

/** The prepared module. Custom sections are left out: some speak of places in the old code. */
export function assembleModule(
  module: DecodedModule,
  additions: Additions,
  functions: readonly PreparedFunction[],
  depths: readonly number[],
): Uint8Array {
  const types = new AddedTypes(module)
  const bodies = functions.map((each, i) =>
    functionBody(module, additions, each, depths[i] ?? 0, types),
  )
  const growTypes: number[] = []
  if (module.hasMemory) {
    const pointer = module.memory64 ? valueType.i64 : valueType.i32
    growTypes.push(types.index([pointer], [pointer]))
    bodies.push(growFunctionBody(additions, module.memory64))
  }
  const out = new ByteWriter(module.bytes.length * 2)
  out.bytes(module.bytes.subarray(0, 8))
  for (const id of [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11]) {
    const section = new ByteWriter()
    const present = sectionBytes(module, id)
    if (id === sectionId.code) writeBodies(section, bodies)
    else if (id === sectionId.type) extendSection(section, present, types.entries)
    else if (id === sectionId.function) extendSection(section, present, growTypes.map(indexEntry))
    else if (id === sectionId.global) extendSection(section, present, meterGlobals())
    else if (id === sectionId.export) extendSection(section, present, meterExports(additions))
    else section.bytes(present)
    if (section.length === 0) continue
    out.byte(id)
    out.sized(section.view())
    if (out.length > moduleLimits.preparedBytes) throw moduleInvalid('it is too large to prepare')
  }
  return out.take()
}

/** Types of blocks around bodies that give several values, and of the grow function. */
class AddedTypes {
  readonly entries: Uint8Array[] = []
  readonly #first: number
  readonly #known = new Map<string, number>()

  constructor(module: DecodedModule) {
    this.#first = module.types.length
  }

  index(params: Iterable<number>, results: Iterable<number>): number {
    const entry = new ByteWriter()
    entry.byte(0x60)
    entry.sized(Uint8Array.from(params))
    entry.sized(Uint8Array.from(results))
    const key = String(entry.view())
    const index = this.#known.get(key) ?? this.#first + this.entries.push(entry.take()) - 1
    this.#known.set(key, index)
    return index
  }
}

function functionBody(
  module: DecodedModule,
  additions: Additions,
  prepared: PreparedFunction,
  depthBytes: number,
  types: AddedTypes,
): Uint8Array {
  const { code, gasLocal } = prepared
  const out = new ByteWriter(code.length + 64)
  const depthLocal = prepared.localCount + prepared.added.size
  writeLocals(out, module, prepared, depthBytes > 0 ? [valueType.i32] : [])
  if (depthBytes > 0) enterFrame(out, additions, depthLocal, depthBytes)
  if (gasLocal !== undefined) {
    writeLocal(out, op.globalGet, additions.gasGlobal)
    writeLocal(out, op.localSet, gasLocal)
  }
  writeCharge(out, additions, gasLocal, prepared.entryCost + gasTable.functionEntry)
  if (prepared.calls) writeCheck(out, additions, gasLocal)
  out.byte(op.block)
  const results = module.types[prepared.type]?.results ?? new Uint8Array(0)
  if (results.length > 1) out.signed(types.index([], results))
  else out.byte(results[0] ?? op.empty)
  out.bytes(code)
  if (depthBytes > 0) leaveFrame(out, additions, depthLocal)
  if (gasLocal !== undefined) writeSync(out, additions, gasLocal)
  out.byte(op.end)
  if (out.length > moduleLimits.preparedBodyBytes)
    throw moduleInvalid('a function of it is too large to prepare')
  return out.take()
}

/** The groups of the body, then one for each added local. */
function writeLocals(
  out: ByteWriter,
  module: DecodedModule,
  prepared: PreparedFunction,
  more: readonly number[],
): void {
  const groups = new ByteReader(module.bytes, prepared.start, prepared.codeStart)
  out.unsigned(groups.unsigned() + prepared.added.size + more.length)
  out.bytes(module.bytes.subarray(groups.at, prepared.codeStart))
  for (const type of [...prepared.added.keys(), ...more]) out.bytes([1, type])
}

/** The depth before the call stays in a local: putting it back waits for no counter. */
function enterFrame(out: ByteWriter, additions: Additions, local: number, bytes: number): void {
  writeLocal(out, op.globalGet, additions.stackGlobal)
  writeLocal(out, op.localTee, local)
  out.byte(op.i32Const)
  out.signed(bytes)
  out.byte(op.i32Sub)
  writeLocal(out, op.globalSet, additions.stackGlobal)
  writeLocal(out, op.localGet, local)
  out.byte(op.i32Const)
  out.signed(bytes)
  out.bytes([op.i32LtS, op.if, op.empty, op.unreachable, op.end])
}

function leaveFrame(out: ByteWriter, additions: Additions, local: number): void {
  writeLocal(out, op.localGet, local)
  writeLocal(out, op.globalSet, additions.stackGlobal)
}

function writeBodies(section: ByteWriter, bodies: readonly Uint8Array[]): void {
  if (bodies.length === 0) return
  section.unsigned(bodies.length)
  for (const body of bodies) section.sized(body)
}

function sectionBytes(module: DecodedModule, id: number): Uint8Array {
  const range = module.sections.get(id)
  return range === undefined ? new Uint8Array(0) : module.bytes.subarray(range.start, range.end)
}

/** Values that hold while a start function runs; the host sets them before every message. */
function meterGlobals(): Uint8Array[] {
  return [
    global(valueType.i64, gasTable.startLimit),
    global(valueType.i32, callStack.bytes),
    global(valueType.i64, gasTable.startPages),
    global(valueType.i32, 0),
  ]
}

function global(type: number, value: number): Uint8Array {
  const out = new ByteWriter(16)
  out.bytes([type, 1, type === valueType.i64 ? op.i64Const : op.i32Const])
  out.signed(value)
  out.byte(op.end)
  return out.take()
}

function meterExports(additions: Additions): Uint8Array[] {
  return [
    exported(meterNames.gas, additions.gasGlobal),
    exported(meterNames.stack, additions.stackGlobal),
    exported(meterNames.pages, additions.pagesGlobal),
    exported(meterNames.refused, additions.refusedGlobal),
  ]
}

function exported(name: string, index: number): Uint8Array {
  const out = new ByteWriter(32)
  out.sized(new TextEncoder().encode(name))
  out.byte(3)
  out.unsigned(index)
  return out.take()
}
