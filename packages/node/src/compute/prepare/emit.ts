import { gasTable } from '@heddle/protocol/params'
import { ByteWriter } from './byte-writer.ts'
import { type DecodedModule, valueType } from './decode.ts'
import { editKind } from './edits.ts'
import { shapeOfType } from './float-flow.ts'
import type { FunctionState } from './function-state.ts'
import { shape } from './instructions.ts'

/** Indexes of what preparing adds to a module. */
export type Additions = {
  readonly gasGlobal: number
  readonly stackGlobal: number
  readonly pagesGlobal: number
  readonly refusedGlobal: number
  readonly growFunction: number
}

export const op = {
  unreachable: 0x00,
  block: 0x02,
  if: 0x04,
  end: 0x0b,
  br: 0x0c,
  return: 0x0f,
  call: 0x10,
  select: 0x1b,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32LtS: 0x48,
  i64LtS: 0x53,
  f32Eq: 0x5b,
  f64Eq: 0x61,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i64Add: 0x7c,
  i64Sub: 0x7d,
  i64ShrU: 0x88,
  i64ExtendU: 0xad,
  vector: 0xfd,
  empty: 0x40,
} as const

/** The positive quiet NaN without payload, little-endian. */
const nan32 = [0, 0, 0xc0, 0x7f]
const nan64 = [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]

type Canonical = {
  readonly type: number
  readonly constant: readonly number[]
  readonly equal: readonly number[]
  readonly choose: readonly number[]
}

const canonicals: ReadonlyMap<number, Canonical> = new Map([
  [
    shape.f32,
    { type: 0x7d, constant: [op.f32Const, ...nan32], equal: [op.f32Eq], choose: [op.select] },
  ],
  [
    shape.f64,
    { type: 0x7c, constant: [op.f64Const, ...nan64], equal: [op.f64Eq], choose: [op.select] },
  ],
  [shape.f32x4, lanesCanonical([...nan32, ...nan32, ...nan32, ...nan32], 65)],
  [shape.f64x2, lanesCanonical([...nan64, ...nan64], 71)],
])

/** v128.const, f…x….eq, v128.bitselect. */
function lanesCanonical(constant: readonly number[], equal: number): Canonical {
  return {
    type: 0x7b,
    constant: [op.vector, 12, ...constant],
    equal: [op.vector, equal],
    choose: [op.vector, 82],
  }
}

/** A body with its edits made, still without what goes before and after it. */
export type EmittedBody = {
  readonly code: Uint8Array
  /** Locals added behind those of the body, by type. */
  readonly added: ReadonlyMap<number, number>
  /** Holds the gas while the function runs; absent: the global does. */
  readonly gasLocal: number | undefined
}

/** Makes the edits of a body. A function with a loop keeps the gas in a local, as the loop can. */
export function emitBody(
  module: DecodedModule,
  state: FunctionState,
  additions: Additions,
): EmittedBody {
  const emitter = new BodyEmitter(module, state, additions)
  return emitter.run()
}

class BodyEmitter {
  readonly #module: DecodedModule
  readonly #state: FunctionState
  readonly #additions: Additions
  readonly #out = new ByteWriter()
  readonly #added = new Map<number, number>()
  readonly #gasLocal: number | undefined

  constructor(module: DecodedModule, state: FunctionState, additions: Additions) {
    this.#module = module
    this.#state = state
    this.#additions = additions
    this.#gasLocal = state.hasLoop ? this.#local(valueType.i64) : undefined
  }

  run(): EmittedBody {
    const { bytes } = this.#module
    let at = this.#state.codeStart
    for (const edit of this.#state.edits.sorted()) {
      this.#out.bytes(bytes.subarray(at, edit.at))
      at = edit.at + this.#make(edit.kind, edit.value)
    }
    // The end of the body becomes the end of the block around it.
    this.#out.bytes(bytes.subarray(at, this.#state.reader.end))
    return { code: this.#out.take(), added: this.#added, gasLocal: this.#gasLocal }
  }

  /** Writes an edit and tells how many bytes of the body it stands for. */
  #make(kind: number, value: number): number {
    const out = this.#out
    switch (kind) {
      case editKind.reload:
        if (this.#gasLocal !== undefined) this.#move(op.globalGet, op.localSet)
        return 0
      case editKind.sync:
        if (this.#gasLocal !== undefined) writeSync(out, this.#additions, this.#gasLocal)
        return 0
      case editKind.canonical:
        this.#canonical(value)
        return 0
      case editKind.charge:
      case editKind.checkedCharge:
        writeCharge(out, this.#additions, this.#gasLocal, value)
        if (kind === editKind.checkedCharge) writeCheck(out, this.#additions, this.#gasLocal)
        return 0
      case editKind.bulk:
        this.#bulk()
        return 0
      case editKind.parameter:
        writeLocal(out, op.localGet, value)
        this.#canonical(shapeOfType(this.#state.localTypes[value] ?? 0))
        writeLocal(out, op.localSet, value)
        return 0
      case editKind.return:
        out.byte(op.br)
        out.unsigned(value)
        return 1
      default:
        out.byte(op.call)
        out.unsigned(this.#additions.growFunction)
        return value
    }
  }

  #move(from: number, to: number): void {
    this.#out.byte(from)
    this.#out.unsigned(this.#additions.gasGlobal)
    this.#out.byte(to)
    this.#out.unsigned(this.#gasLocal ?? 0)
  }

  #canonical(lanes: number): void {
    const canonical = canonicals.get(lanes)
    if (canonical === undefined) return
    const local = this.#local(canonical.type)
    writeLocal(this.#out, op.localTee, local)
    this.#out.bytes(canonical.constant)
    writeLocal(this.#out, op.localGet, local)
    writeLocal(this.#out, op.localGet, local)
    this.#out.bytes(canonical.equal)
    this.#out.bytes(canonical.choose)
  }

  /** The length is on the stack and stays there. */
  #bulk(): void {
    const out = this.#out
    const wide = this.#module.memory64
    const length = this.#local(wide ? valueType.i64 : valueType.i32)
    writeLocal(out, op.localTee, length)
    readGas(out, this.#additions, this.#gasLocal)
    writeLocal(out, op.localGet, length)
    if (!wide) out.byte(op.i64ExtendU)
    out.bytes([op.i64Const, Math.log2(gasTable.bulkBytesPerGas), op.i64ShrU, op.i64Sub])
    writeGas(out, this.#additions, this.#gasLocal)
    writeCheck(out, this.#additions, this.#gasLocal)
  }

  /** The added local of a type, one each. Groups follow in this order: see `writeLocals`. */
  #local(type: number): number {
    const known = this.#added.get(type)
    if (known !== undefined) return known
    const index = this.#state.localTypes.length + this.#added.size
    this.#added.set(type, index)
    return index
  }
}

export function writeLocal(out: ByteWriter, opcode: number, local: number): void {
  out.byte(opcode)
  out.unsigned(local)
}

function readGas(out: ByteWriter, additions: Additions, local: number | undefined): void {
  if (local === undefined) writeLocal(out, op.globalGet, additions.gasGlobal)
  else writeLocal(out, op.localGet, local)
}

function writeGas(out: ByteWriter, additions: Additions, local: number | undefined): void {
  if (local === undefined) writeLocal(out, op.globalSet, additions.gasGlobal)
  else writeLocal(out, op.localSet, local)
}

/** Shows others what a local holds. */
export function writeSync(out: ByteWriter, additions: Additions, local: number): void {
  writeLocal(out, op.localGet, local)
  writeLocal(out, op.globalSet, additions.gasGlobal)
}

export function writeCharge(
  out: ByteWriter,
  additions: Additions,
  local: number | undefined,
  cost: number,
): void {
  readGas(out, additions, local)
  out.byte(op.i64Const)
  out.signed(cost)
  out.byte(op.i64Sub)
  writeGas(out, additions, local)
}

/** Traps where no gas is left; the global then shows by its sign why. */
export function writeCheck(out: ByteWriter, additions: Additions, local: number | undefined): void {
  readGas(out, additions, local)
  out.bytes([op.i64Const, 0, op.i64LtS, op.if, op.empty])
  if (local !== undefined) writeSync(out, additions, local)
  out.bytes([op.unreachable, op.end])
}
