import { ByteReader } from '../guest/module/byte-reader.ts'
import { type DecodedModule, readValueType } from './decode.ts'
import { bulkBase, instructionAt, vectorBase } from './instructions.ts'
import { skipControlOperands, skipOperands } from './operands.ts'
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
    const operands = instructionAt(code)?.operands
    if (operands === undefined) throw refuseInstruction(code)
    if (operands === 'control') skipControlOperands(reader, code)
    else skipOperands(reader, operands)
    visit(code, at, operandsAt, reader.at)
  }
}
