import { concatBytes, encodeText } from '@heddle/protocol/base'
import { moduleInvalid } from '../guest/errors.ts'
import { ByteReader, encodeUnsigned } from '../guest/module/byte-reader.ts'
import { readShape } from '../guest/module/shape.ts'

const customSectionId = 0
const memorySectionId = 5

/** Appends a custom section, which engines carry along and never read (core spec §5.5.3). */
export function appendCustomSection(
  wasm: Uint8Array,
  name: string,
  content: Uint8Array,
): Uint8Array {
  const nameBytes = encodeText(name)
  const body = concatBytes([Uint8Array.from(encodeUnsigned(nameBytes.length)), nameBytes, content])
  return concatBytes([wasm, sectionHead(customSectionId, body.length), body])
}

/** Content of the first custom section of that name, or undefined. Throws `module-invalid`. */
export function readCustomSection(wasm: Uint8Array, name: string): Uint8Array | undefined {
  for (const { id, start, end } of readShape(wasm).sections) {
    if (id !== customSectionId) continue
    const reader = new ByteReader(wasm, start, end)
    if (reader.name() === name) return wasm.subarray(reader.at, end)
  }
  return undefined
}

/**
 * The same module with its memory capped at `maximumPages` (64 KiB each), so that the embedder
 * itself refuses to grow further. Throws `module-invalid` where it has no single 32-bit memory.
 */
export function capMemory(wasm: Uint8Array, maximumPages: number): Uint8Array {
  const section = readShape(wasm).sections.find(({ id }) => id === memorySectionId)
  if (section === undefined) throw moduleInvalid('it defines no memory')
  const reader = new ByteReader(wasm, section.start, section.end)
  const [count, flags, initial] = [reader.unsigned(), reader.byte(), reader.unsigned()]
  if (count !== 1 || flags > 1) throw moduleInvalid('it must define one plain 32-bit memory')
  const declared = flags === 1 ? reader.unsigned() : maximumPages
  const body = Uint8Array.from([
    ...encodeUnsigned(1),
    1,
    ...encodeUnsigned(initial),
    ...encodeUnsigned(Math.min(declared, maximumPages)),
  ])
  const head = sectionHead(memorySectionId, section.end - section.start)
  return concatBytes([
    wasm.subarray(0, section.start - head.length),
    sectionHead(memorySectionId, body.length),
    body,
    wasm.subarray(section.end),
  ])
}

function sectionHead(id: number, length: number): Uint8Array {
  return Uint8Array.from([id, ...encodeUnsigned(length)])
}
