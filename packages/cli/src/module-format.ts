import { HeddleError } from '@heddle/protocol/base'

const importSection = 2
const memorySection = 5
const memory64Flag = 4
const externMemory = 2

/** Formats of today's aos builds, by the width of their addresses. */
const format32 = 'wasm32-unknown-emscripten4'
const format64 = 'wasm64-unknown-emscripten-draft_2024_02_15'

/** Formats of older emscripten releases, by an import that only theirs have: of a memory copy, or of module `a`. */
const olderFormats = [
  [/^a\.[A-Za-z]$/, 'wasm32-unknown-emscripten'],
  [/^env\.emscripten_memcpy_big$/, 'wasm32-unknown-emscripten2'],
  [/^env\.emscripten_memcpy_js$/, 'wasm32-unknown-emscripten3'],
] as const

type Reader = { readonly bytes: Uint8Array; at: number }

/**
 * The AO format of a WASM file: its memory, own or imported, says whether addresses have 64 or 32 bits
 * (WebAssembly core §5.5.5, §5.5.8), its imports whether an older emscripten made it. Throws `module-invalid` for what no engine would load.
 */
export function guessFormat(bytes: Uint8Array): string {
  if (!WebAssembly.validate(new Uint8Array(bytes))) {
    const text = 'the file is not a valid WebAssembly module: give a .wasm file'
    throw new HeddleError('module-invalid', 'invalid', text)
  }
  const { flags, imports } = readBorders(bytes)
  if (flags.some((each) => (each & memory64Flag) !== 0)) return format64
  const older = olderFormats.find(([pattern]) => imports.some((name) => pattern.test(name)))
  return older?.[1] ?? format32
}

type Borders = { readonly flags: number[]; readonly imports: string[] }

/** Limit flags of each memory, names of imports. The file is known to be valid: nothing is checked again. */
function readBorders(bytes: Uint8Array): Borders {
  const reader = { bytes, at: 8 }
  const borders: Borders = { flags: [], imports: [] }
  while (reader.at < bytes.length) {
    const id = readByte(reader)
    const end = readNumber(reader) + reader.at
    if (id === importSection) readImports(reader, borders)
    if (id === memorySection && readNumber(reader) > 0) borders.flags.push(readByte(reader))
    reader.at = end
  }
  return borders
}

function readImports(reader: Reader, { flags, imports }: Borders): void {
  for (let left = readNumber(reader); left > 0; left--) {
    imports.push(`${readName(reader)}.${readName(reader)}`)
    const kind = readByte(reader)
    if (kind === externMemory) flags.push(reader.bytes[reader.at] ?? 0)
    skipType(reader, kind)
  }
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

function readName(reader: Reader): string {
  const length = readNumber(reader)
  reader.at += length
  return new TextDecoder().decode(reader.bytes.subarray(reader.at - length, reader.at))
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
