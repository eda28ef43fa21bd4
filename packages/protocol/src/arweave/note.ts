import { hashBytes } from './limits.ts'

/** A whole number as a note of the tree: 32 bytes, big-endian. */
export function encodeNote(value: number): Uint8Array {
  const note = new Uint8Array(hashBytes)
  writeNote(value, note, 0)
  return note
}

/** Writes the note of a whole number at `at`, where there are zeros. */
export function writeNote(value: number, to: Uint8Array, at: number): void {
  let rest = value
  for (let i = at + hashBytes - 1; rest > 0; i--) {
    to[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
}

/** The number of a note, or undefined where it is beyond 2^53 - 1. */
export function decodeNote(note: Uint8Array): number | undefined {
  let value = 0
  for (const byte of note) {
    value = value * 256 + byte
    if (value > Number.MAX_SAFE_INTEGER) return undefined
  }
  return value
}
