import { moduleInvalid } from '../guest/errors.ts'
import type { ByteReader } from '../guest/module/byte-reader.ts'
import type { Operands } from './instructions.ts'

/** Passes over the operands of an instruction that is no control. */
export function skipOperands(reader: ByteReader, operands: Exclude<Operands, 'control'>): void {
  if (typeof operands === 'number') reader.skip(operands)
  else if (operands === 'index') reader.skipNumber()
  else if (operands === 'lane') reader.skip(1)
  else if (operands !== 'none') {
    skipMemoryArgument(reader)
    if (operands === 'memory-lane') reader.skip(1)
  }
}

/** Alignment, then offset. A memory's index would follow alignment 64: there is only one memory. */
function skipMemoryArgument(reader: ByteReader): void {
  if (reader.unsigned() >= 64) throw moduleInvalid('an instruction names a second memory')
  reader.skipNumber()
}

/** A block's type, the targets of a table, or two indexes. `analyse` reads what they say. */
export function skipControlOperands(reader: ByteReader, code: number): void {
  if (code <= 0x04) reader.skipNumber()
  else if (code === 0x0e) for (let left = reader.unsigned(); left >= 0; left--) reader.skipNumber()
  else {
    reader.skipNumber()
    reader.skipNumber()
  }
}
