import { ByteReader } from '../guest/module/byte-reader.ts'
import { type DecodedModule, readValueType } from './decode.ts'
import { bulkBase, instructionAt, vectorBase } from './instructions.ts'
import { refuseInstruction } from './refusals.ts'

/** One instruction of a body: its number (see `instructions.ts`), where it begins and ends. */
export type Visit = (code: number, at: number, operandsAt: number, end: number) => void

/**
 * Passes over the instructions of a body in order. For modules `decodeModule` took and the engine
 * found valid. Throws `module-instruction-refused` and `module-threads` at what is not accepted.
 */
export function walkBody(
  { bytes }: DecodedModule,
  range: { readonly start: number; readonly end: number },
  visit: Visit,
): void {
  const reader = new ByteReader(bytes, range.start, range.end)
  for (let groups = reader.unsigned(); groups > 0; groups--) {
    reader.skipNumber()
    readValueType(reader)
  }
  while (!reader.done) {
    const at = reader.at
    const opcode = reader.byte()
    let code = opcode
    if (opcode === 0xfc) code = bulkBase + Math.min(reader.unsigned(), 255)
    else if (opcode === 0xfd) code = vectorBase + reader.unsigned()
    const operandsAt = reader.at
    skipOperands(reader, code)
    visit(code, at, operandsAt, reader.at)
  }
}

function skipOperands(reader: ByteReader, code: number): void {
  const operands = instructionAt(code)?.operands
  if (operands === undefined) throw refuseInstruction(code)
  if (typeof operands === 'number') reader.skip(operands)
  else if (operands === 'index') reader.skipNumber()
  else if (operands === 'lane') reader.skip(1)
  else if (operands === 'control') skipControlOperands(reader, code)
  else if (operands !== 'none') {
    reader.skipNumber()
    reader.skipNumber()
    if (operands === 'memory-lane') reader.skip(1)
  }
}

/** A block's type, the targets of a table, or two indexes. */
function skipControlOperands(reader: ByteReader, code: number): void {
  if (code <= 0x04) reader.skipNumber()
  else if (code === 0x0e) for (let left = reader.unsigned(); left >= 0; left--) reader.skipNumber()
  else {
    reader.skipNumber()
    reader.skipNumber()
  }
}
