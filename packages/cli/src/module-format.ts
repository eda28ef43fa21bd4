import { HeddleError } from '@heddle/protocol/base'

const memorySection = 5
const memory64Flag = 4

function readLength(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0
  let next = at
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[next++] ?? 0
    value += (byte & 127) * 2 ** shift
    if (byte < 128) break
  }
  return { value, next }
}

/**
 * The AO format of a WASM file: its memory section says whether addresses have 64 or 32 bits
 * (WebAssembly core §5.5.8), and today's aos builds use one format for each.
 */
export function guessFormat(bytes: Uint8Array): string {
  const magic = [0, 0x61, 0x73, 0x6d]
  if (!magic.every((byte, at) => bytes[at] === byte)) {
    const text = 'the file is not WebAssembly: it does not start with \\0asm'
    throw new HeddleError('module-invalid', 'invalid', text)
  }
  for (let at = 8; at < bytes.length; ) {
    const id = bytes[at]
    const { value: length, next } = readLength(bytes, at + 1)
    if (id === memorySection) {
      const flags = bytes[readLength(bytes, next).next] ?? 0
      if ((flags & memory64Flag) !== 0) return 'wasm64-unknown-emscripten-draft_2024_02_15'
      break
    }
    at = next + length
  }
  return 'wasm32-unknown-emscripten4'
}
