import { ByteWriter } from '../../prepare/byte-writer.ts'
import { valueType } from '../../prepare/decode.ts'
import { bulkBase, instructionAt, vectorBase } from '../../prepare/instructions.ts'
import { imagePageBytes } from '../ports.ts'
import { ByteReader } from './byte-reader.ts'

const op = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  lastControl: 0x11,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  firstStore: 0x36,
  lastStore: 0x3e,
  i32Const: 0x41,
  i32Add: 0x6a,
  i32Sub: 0x6b,
  i32ShrU: 0x76,
  typedSelect: 0x1c,
  memoryCopy: bulkBase + 10,
  memoryFill: bulkBase + 11,
} as const

const { i32, i64, f32, f64, v128 } = valueType
const storedTypes = [i32, i64, f32, f64, i32, i32, i64, i64, i64]
const pageShift = Math.log2(imagePageBytes)
/** Bytes one store writes at most. */
const storeBytesMax = 16
/** `i32.const 1, i32.store8` of the second memory (an index follows where bit 6 of the alignment is set). */
const setMark = [op.i32Const, 1, 0x3a, 0x40, 1, 0]
const toPage = [op.i32Const, pageShift, op.i32ShrU]

/** Where a value on the stack comes from: a local (its index), a constant c (-2 - c), or not known. */
const unknown = -1

/**
 * Writes a body anew with marks behind its stores. Values are followed through straight code only: where the
 * address is a local's, it is noted once for all stores through it until the local changes, or the block that
 * noted it ends, or a loop begins.
 */
export class MarkedBody {
  readonly #bytes: Uint8Array
  readonly #end: number
  readonly #localCount: number
  readonly #out: ByteWriter
  /** Types of locals added, in order. */
  readonly #added: number[] = []
  readonly #addedNames = new Map<string, number>()
  #copiedTo: number
  /** Top of the stack; what is below it is not known. */
  readonly #stack: number[] = []
  /** Blocks around this place. */
  #depth = 0
  /** Locals and pages that are noted whichever way this place is reached, with the depth of that. */
  readonly #notedLocals = new Map<number, number>()
  readonly #notedPages = new Map<number, number>()

  constructor(
    bytes: Uint8Array,
    code: { readonly start: number; readonly end: number },
    localCount: number,
  ) {
    this.#bytes = bytes
    this.#copiedTo = code.start
    this.#end = code.end
    this.#localCount = localCount
    this.#out = new ByteWriter(2 * (code.end - code.start) + 16)
  }

  step(code: number, at: number, operandsAt: number, end: number): void {
    const stored = storedType(code)
    if (stored !== undefined) this.#store(stored, at, operandsAt, end)
    else if (code === op.memoryCopy || code === op.memoryFill) this.#bulk(at, end)
    else if (code <= op.lastControl || code === op.typedSelect) this.#control(code)
    else if (code >= op.localGet && code <= op.localTee) this.#local(code, operandsAt, end)
    else if (code === op.i32Const) this.#stack.push(this.#constant(operandsAt, end))
    else this.#plain(code)
  }

  /** The body: `groups` local declarations, written `declared`, and those added, then the code. */
  finish(groups: number, declared: Uint8Array): Uint8Array {
    this.#copyTo(this.#end)
    const body = new ByteWriter(this.#out.length + 32)
    body.unsigned(groups + this.#added.length)
    body.bytes(declared)
    for (const type of this.#added) body.bytes([1, type])
    body.bytes(this.#out.view())
    return body.take()
  }

  #control(code: number): void {
    this.#stack.length = 0
    if (code >= op.block && code <= op.if) this.#depth++
    // A loop comes back here with locals that may be others then.
    if (code === op.loop) this.#notedLocals.clear()
    if (code === op.else || code === op.end) this.#leaveBlock()
    if (code === op.end) this.#depth--
  }

  /** What was noted within a block may have been jumped over; what was before it holds behind it. */
  #leaveBlock(): void {
    for (const noted of [this.#notedLocals, this.#notedPages])
      for (const [key, depth] of noted) if (depth >= this.#depth) noted.delete(key)
  }

  #local(code: number, operandsAt: number, end: number): void {
    const local = new ByteReader(this.#bytes, operandsAt, end).unsigned()
    if (code !== op.localGet) {
      this.#stack.pop()
      this.#notedLocals.delete(local)
      for (let i = 0; i < this.#stack.length; i++)
        if (this.#stack[i] === local) this.#stack[i] = unknown
    }
    if (code !== op.localSet) this.#stack.push(local)
  }

  #constant(operandsAt: number, end: number): number {
    let value = 0
    let shift = 0
    for (let at = operandsAt; at < end; at++, shift += 7)
      value |= ((this.#bytes[at] ?? 0) & 0x7f) << shift
    // Sign extension of numbers shorter than 32 bits.
    if (shift < 32 && ((this.#bytes[end - 1] ?? 0) & 0x40) !== 0) value |= -1 << shift
    return -2 - (value >>> 0)
  }

  #plain(code: number): void {
    const instruction = instructionAt(code)
    if (instruction === undefined) return
    this.#pop(instruction.pops)
    for (let left = instruction.pushes; left > 0; left--) this.#stack.push(unknown)
  }

  #pop(count: number): void {
    this.#stack.length = Math.max(0, this.#stack.length - count)
  }

  #store(type: number, at: number, operandsAt: number, end: number): void {
    const operands = new ByteReader(this.#bytes, operandsAt, end)
    operands.skipNumber()
    const offset = operands.unsigned()
    // Then no store through this address leaves the page behind its own.
    const isNear = offset + storeBytesMax <= imagePageBytes
    const origin = this.#stack.at(-2) ?? unknown
    this.#pop(2)
    if (origin < unknown) this.#noteConstant(offset - 2 - origin, end)
    else if (origin > unknown && isNear) this.#noteLocal(origin, end)
    else this.#noteTop(type, at, end, isNear ? 0 : offset)
  }

  #noteConstant(place: number, end: number): void {
    const page = Math.floor(place / imagePageBytes)
    // Beyond 4 GiB the store before it traps.
    if (this.#notedPages.has(page) || place >= 2 ** 32) return
    this.#notedPages.set(page, this.#depth)
    this.#copyTo(end)
    this.#out.byte(op.i32Const)
    this.#out.signed(page)
    this.#out.bytes(setMark)
  }

  #noteLocal(local: number, end: number): void {
    if (this.#notedLocals.has(local)) return
    this.#notedLocals.set(local, this.#depth)
    this.#copyTo(end)
    this.#put(op.localGet, local)
    this.#out.bytes(toPage)
    this.#out.bytes(setMark)
  }

  /** The address is kept in a local of its own while the store takes it. */
  #noteTop(type: number, at: number, end: number, offset: number): void {
    const address = this.#addedLocal('address', i32)
    const value = this.#addedLocal(`value ${type}`, type)
    this.#copyTo(at)
    this.#put(op.localSet, value)
    this.#put(op.localTee, address)
    this.#put(op.localGet, value)
    this.#copyTo(end)
    this.#put(op.localGet, address)
    if (offset > 0) {
      this.#out.byte(op.i32Const)
      this.#out.signed(offset | 0)
      this.#out.byte(op.i32Add)
    }
    this.#out.bytes(toPage)
    this.#out.bytes(setMark)
  }

  /** After `memory.copy` and `memory.fill`: all pages from the first byte's to the last one's. */
  #bulk(at: number, end: number): void {
    const address = this.#addedLocal('address', i32)
    const source = this.#addedLocal(`value ${i32}`, i32)
    const length = this.#addedLocal('length', i32)
    this.#pop(3)
    this.#copyTo(at)
    this.#put(op.localSet, length)
    this.#put(op.localSet, source)
    this.#put(op.localTee, address)
    this.#put(op.localGet, source)
    this.#put(op.localGet, length)
    this.#copyTo(end)
    const out = this.#out
    this.#put(op.localGet, length)
    out.bytes([0x04, 0x40]) // if
    this.#put(op.localGet, address)
    out.bytes([...toPage, op.i32Const, 1])
    this.#put(op.localGet, address)
    this.#put(op.localGet, length)
    out.bytes([op.i32Add, op.i32Const, 1, op.i32Sub, ...toPage])
    this.#put(op.localGet, address)
    out.bytes([...toPage, op.i32Sub, op.i32Const, 1, op.i32Add])
    out.bytes([0xfc, 11, 1, op.end]) // memory.fill of the second memory
  }

  #addedLocal(name: string, type: number): number {
    const known = this.#addedNames.get(name)
    if (known !== undefined) return known
    const local = this.#localCount + this.#added.push(type) - 1
    this.#addedNames.set(name, local)
    return local
  }

  #put(code: number, local: number): void {
    this.#out.byte(code)
    this.#out.unsigned(local)
  }

  #copyTo(end: number): void {
    this.#out.bytes(this.#bytes.subarray(this.#copiedTo, end))
    this.#copiedTo = end
  }
}

/** Type of the value an instruction stores; undefined where it stores none. */
function storedType(code: number): number | undefined {
  if (code >= op.firstStore && code <= op.lastStore) return storedTypes[code - op.firstStore]
  const lane = code - vectorBase
  return lane === 11 || (lane >= 88 && lane <= 91) ? v128 : undefined
}
