import { decodeTextStrict } from '@heddle/protocol/base'
import { moduleInvalid } from '../errors.ts'

/** Reads WebAssembly's binary primitives (core specification §5.2) and never past the end. */
export class ByteReader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    if (at < 0 || at > end || end > bytes.length) throw moduleInvalid('a section leaves the file')
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  byte(): number {
    const byte = this.at < this.end ? this.bytes[this.at] : undefined
    if (byte === undefined) throw moduleInvalid('it ends too early')
    this.at += 1
    return byte
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw moduleInvalid('it ends too early')
    this.at += count
  }

  /** Unsigned LEB128 up to 64 bits. Values past 2^53 lose low bits; no limit here comes near. */
  unsigned(): number {
    let value = 0
    let scale = 1
    for (let length = 0; length < 10; length++) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw moduleInvalid('a number is too long')
  }

  /** Passes over a signed or unsigned LEB128 whose value does not matter. */
  skipNumber(): void {
    for (let length = 0; length < 10; length++) if (this.byte() < 0x80) return
    throw moduleInvalid('a number is too long')
  }

  name(): string {
    const length = this.unsigned()
    const start = this.at
    this.skip(length)
    const text = decodeTextStrict(this.bytes.subarray(start, this.at))
    if (text === undefined) throw moduleInvalid('a name is not UTF-8')
    return text
  }

  /** A reader over the next `length` bytes, which are passed over here. */
  part(length: number): ByteReader {
    const start = this.at
    this.skip(length)
    return new ByteReader(this.bytes, start, start + length)
  }
}

/** Unsigned LEB128 of a whole number. */
export function encodeUnsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 128) {
    bytes.push((rest % 128) | 0x80)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return bytes
}
