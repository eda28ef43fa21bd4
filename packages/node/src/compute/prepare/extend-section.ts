import { ByteReader } from '../guest/module/byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'

/** Writes a vector section's entries and more behind them; nothing where there are none at all. */
export function extendSection(
  out: ByteWriter,
  present: Uint8Array,
  more: readonly Uint8Array[],
): void {
  const reader = new ByteReader(present)
  const count = present.length === 0 ? 0 : reader.unsigned()
  if (count + more.length === 0) return
  out.unsigned(count + more.length)
  out.bytes(present.subarray(reader.at))
  for (const entry of more) out.bytes(entry)
}

/** An index as an entry of a section. */
export function indexEntry(index: number): Uint8Array {
  const out = new ByteWriter(8)
  out.unsigned(index)
  return out.take()
}
