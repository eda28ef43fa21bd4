import { wireInvalid } from './errors.ts'

/**
 * Reads fixed fields, little-endian, one after another. Every read checks that the bytes are there;
 * slices are views, nothing is allocated for what a peer claims.
 */
export class Cursor {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    // A plain view: sockets give Buffers, whose `slice` does not copy.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  /** A count or time of 64 bits; refused where a number cannot hold it. */
  u64(): number {
    const value = this.#view.getBigUint64(this.#take(8), true)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw wireInvalid('a number is too large')
    return Number(value)
  }

  bytes(length: number): Uint8Array {
    const from = this.#take(length)
    return this.#bytes.subarray(from, from + length)
  }

  /** Bytes behind a length of 16 bits, at most `lengthMax`. */
  prefixed(lengthMax: number): Uint8Array {
    const length = this.u16()
    if (length > lengthMax) throw wireInvalid(`${length} bytes where ${lengthMax} may be`)
    return this.bytes(length)
  }

  /** A message has nothing behind its last field. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw wireInvalid('bytes are left over')
  }

  #take(length: number): number {
    const from = this.#at
    if (length > this.#bytes.length - from) throw wireInvalid('it ends too early')
    this.#at += length
    return from
  }
}

/** Little-endian bytes of unsigned numbers. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 255, value >> 8)
}

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes
}
