import { HeddleError } from '@heddle/protocol/base'

const importSection = 2
const memorySection = 5
const memory64Flag = 4
const externMemory = 2

/** Formats of today's aos builds, by the width of their addresses. */
const format32 = 'wasm32-unknown-emscripten4'
const format64 = 'wasm64-unknown-emscripten-draft_2024_02_15'

type Reader = { readonly bytes: Uint8Array; at: number }

/**
 * The AO format of a WASM file: its memory, own or imported, says whether addresses have 64 or 32 bits
 * (WebAssembly core §5.5.5, §5.5.8). Throws `module-invalid` for what no engine would load.
 */
export function guessFormat(bytes: Uint8Array): string {
  if (!WebAssembly.validate(new Uint8Array(bytes))) {
    const text = 'the file is not a valid WebAssembly module: give a .wasm file'
    throw new HeddleError('module-invalid', 'invalid', text)
  }
  return memoryFlags(bytes).some((flags) => (flags & memory64Flag) !== 0) ? format64 : format32
}

/** Limit flags of each memory. The file is known to be valid, so nothing is checked again. */
function memoryFlags(bytes: Uint8Array): number[] {
  const reader = { bytes, at: 8 }
  const flags: number[] = []
  while (reader.at < bytes.length) {
    const id = readByte(reader)
    const end = readNumber(reader) + reader.at
    if (id === importSection) flags.push(...importedFlags(reader))
    if (id === memorySection && readNumber(reader) > 0) flags.push(readByte(reader))
    reader.at = end
  }
  return flags
}

function importedFlags(reader: Reader): number[] {
  const flags: number[] = []
  for (let left = readNumber(reader); left > 0; left--) {
    skipName(reader)
    skipName(reader)
    const kind = readByte(reader)
    if (kind === externMemory) flags.push(reader.bytes[reader.at] ?? 0)
    skipType(reader, kind)
  }
  return flags
}

/** Function: an index. Table: a type and limits. Memory: limits. Global: a type, mutability. Tag: 0, an index. */
function skipType(reader: Reader, kind: number): void {
  if (kind === 1 || kind === 3 || kind === 4) reader.at++
  if (kind === 1 || kind === externMemory) {
    const hasMaximum = (readByte(reader) & 1) !== 0
    readNumber(reader)
    if (hasMaximum) readNumber(reader)
  } else readNumber(reader)
}

function skipName(reader: Reader): void {
  const length = readNumber(reader)
  reader.at += length
}

function readByte(reader: Reader): number {
  return reader.bytes[reader.at++] ?? 0
}

/** LEB128, unsigned. */
function readNumber(reader: Reader): number {
  let value = 0
  for (let scale = 1; ; scale *= 128) {
    const byte = readByte(reader)
    value += (byte & 127) * scale
    if (byte < 128) return value
  }
}
