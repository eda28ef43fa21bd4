import { ByteReader } from './byte-reader.ts'
import type { ModuleShape } from './shape.ts'

const dataSection = 11
const opcode = { i32Const: 0x41, end: 0x0b }

/**
 * Where the last active data segment ends, as far as that can be read off the module: 0 where there is
 * none with a constant place. Memory below it is no stack.
 */
export function dataEnd(bytes: Uint8Array, { sections }: Pick<ModuleShape, 'sections'>): number {
  const section = sections.find(({ id }) => id === dataSection)
  if (section === undefined) return 0
  const reader = new ByteReader(bytes, section.start, section.end)
  let end = 0
  for (let left = reader.unsigned(); left > 0; left--) {
    const kind = reader.unsigned()
    if (kind === 2) reader.skipNumber()
    const at = kind === 1 ? undefined : constantPlace(reader)
    if (kind !== 1 && at === undefined) return end
    const length = reader.unsigned()
    reader.skip(length)
    if (at !== undefined) end = Math.max(end, at + length)
  }
  return end
}

/** The value of `i32.const n end`, n ≥ 0. */
function constantPlace(reader: ByteReader): number | undefined {
  if (reader.byte() !== opcode.i32Const) return undefined
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = reader.byte()
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  return reader.byte() === opcode.end ? value % 2 ** 32 : undefined
}
