import { moduleInstructionRefused, moduleThreads } from '../errors.ts'
import { ByteReader } from './byte-reader.ts'
import type { ModuleShape } from './shape.ts'

const codeSectionId = 10

/**
 * Walks all code and refuses what could end differently on another machine (relaxed SIMD, atomics),
 * what keeps state outside memory and globals (table writes, dropped segments), and whatever this
 * table does not know. Call it on bytes the engine has compiled: it relies on their being valid.
 */
export function checkInstructions(bytes: Uint8Array, shape: ModuleShape): void {
  for (const section of shape.sections) {
    if (section.id !== codeSectionId) continue
    const reader = new ByteReader(bytes, section.start, section.end)
    for (let count = reader.unsigned(); count > 0; count--) {
      const body = reader.part(reader.unsigned())
      for (let groups = body.unsigned(); groups > 0; groups--) {
        body.skipNumber()
        skipType(body)
      }
      while (!body.done) skipInstruction(body)
    }
  }
}

/** Operands of one-byte opcodes, by what follows: see `skipOperands`. */
const operands = oneByteOperands()

function oneByteOperands(): (string | undefined)[] {
  const table: (string | undefined)[] = []
  const put = (from: number, to: number, kind: string) => table.fill(kind, from, to + 1)
  table.length = 256
  put(0x00, 0x01, '') // unreachable, nop
  put(0x02, 0x04, 't') // block, loop, if
  put(0x05, 0x05, '') // else
  put(0x06, 0x06, 't') // try
  put(0x07, 0x09, 'n') // catch, throw, rethrow
  put(0x0a, 0x0b, '') // throw_ref, end
  put(0x0c, 0x0d, 'n') // br, br_if
  put(0x0e, 0x0e, 'vn') // br_table
  put(0x0f, 0x0f, '') // return
  put(0x10, 0x10, 'n') // call
  put(0x11, 0x11, 'nn') // call_indirect
  put(0x12, 0x12, 'n') // return_call
  put(0x13, 0x13, 'nn') // return_call_indirect
  put(0x18, 0x18, 'n') // delegate
  put(0x19, 0x1b, '') // catch_all, drop, select
  put(0x1c, 0x1c, 's') // select t*
  put(0x1f, 0x1f, 'th') // try_table
  put(0x20, 0x25, 'n') // local.*, global.*, table.get
  put(0x28, 0x3e, 'm') // loads and stores
  put(0x3f, 0x3f, 'n') // memory.size
  put(0x41, 0x42, 'n') // i32.const, i64.const
  put(0x43, 0x43, '4') // f32.const
  put(0x44, 0x44, '8') // f64.const
  put(0x45, 0xc4, '') // comparison, arithmetic, conversion, sign extension
  put(0xd0, 0xd0, 'n') // ref.null
  put(0xd1, 0xd1, '') // ref.is_null
  put(0xd2, 0xd2, 'n') // ref.func
  return table
}

function skipInstruction(reader: ByteReader): void {
  const opcode = reader.byte()
  const kinds = operands[opcode]
  if (kinds === '') return
  if (kinds !== undefined) {
    for (const kind of kinds) skipOperand(reader, kind)
  } else if (opcode === 0xfc) skipBulk(reader)
  else if (opcode === 0xfd) skipVector(reader)
  else if (opcode === 0xfe) throw moduleThreads('atomic instructions')
  else if (opcode === 0x26) throw hiddenState('table.set')
  else if (opcode === 0x40)
    throw moduleInstructionRefused(
      'memory.grow',
      'it passes by Memory-Limit. Grow with emscripten_resize_heap',
    )
  else throw unknownInstruction(`opcode 0x${opcode.toString(16)}`)
}

/** n number, t type, m memory argument, v numbers, s types, h handlers, digits: bytes. */
function skipOperand(reader: ByteReader, kind: string): void {
  if (kind === 'n') reader.skipNumber()
  else if (kind === 't') skipType(reader)
  else if (kind === 'm') skipMemoryArgument(reader)
  else if (kind === 'v') for (let n = reader.unsigned(); n > 0; n--) reader.skipNumber()
  else if (kind === 's') for (let n = reader.unsigned(); n > 0; n--) skipType(reader)
  else if (kind === 'h') skipHandlers(reader)
  else reader.skip(Number(kind))
}

/** A value or block type in one number. Typed references take two and would hide what follows. */
function skipType(reader: ByteReader): void {
  const first = reader.bytes[reader.at]
  if (first === 0x63 || first === 0x64) throw unknownInstruction('a typed reference')
  reader.skipNumber()
}

/** Alignment, the memory's index where bit 6 says so, offset. */
function skipMemoryArgument(reader: ByteReader): void {
  if (reader.unsigned() >= 64) reader.skipNumber()
  reader.skipNumber()
}

/** Clauses of try_table: with a tag (0, 1) or without (2, 3), then a label. */
function skipHandlers(reader: ByteReader): void {
  for (let n = reader.unsigned(); n > 0; n--) {
    if (reader.byte() < 2) reader.skipNumber()
    reader.skipNumber()
  }
}

/** 0xfc: saturating conversions, then bulk memory and table instructions. */
function skipBulk(reader: ByteReader): void {
  const opcode = reader.unsigned()
  if (opcode <= 7) return
  if (opcode === 10) {
    reader.skipNumber()
    reader.skipNumber()
  } else if (opcode === 11 || opcode === 16) reader.skipNumber()
  else if (opcode >= 8 && opcode <= 17) throw hiddenState(bulkNames[opcode - 8] ?? 'a table write')
  else throw unknownInstruction(`opcode 0xfc ${opcode}`)
}

const bulkNames = [
  'memory.init',
  'data.drop',
  'memory.copy',
  'memory.fill',
  'table.init',
  'elem.drop',
  'table.copy',
  'table.grow',
  'table.size',
  'table.fill',
]

/** 0xfd: fixed-width SIMD below 256, relaxed SIMD from there on. */
function skipVector(reader: ByteReader): void {
  const opcode = reader.unsigned()
  if (opcode >= 256)
    throw moduleInstructionRefused(
      `a relaxed SIMD instruction (0xfd ${opcode})`,
      'its result depends on the processor. Build without -mrelaxed-simd',
    )
  if (opcode <= 11 || opcode === 92 || opcode === 93) skipMemoryArgument(reader)
  else if (opcode === 12 || opcode === 13) reader.skip(16)
  else if (opcode >= 21 && opcode <= 34) reader.skip(1)
  else if (opcode >= 84 && opcode <= 91) {
    skipMemoryArgument(reader)
    reader.skip(1)
  }
}

function hiddenState(name: string): Error {
  return moduleInstructionRefused(name, 'it changes state that no memory image holds')
}

function unknownInstruction(name: string): Error {
  return moduleInstructionRefused(name, 'this node does not know whether it is deterministic')
}
