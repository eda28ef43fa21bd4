/** Bytes that grow as they are written, with WebAssembly's numbers (core specification §5.2). */
export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  bytes(source: Uint8Array | readonly number[]): void {
    this.#reserve(source.length)
    this.#bytes.set(source, this.#length)
    this.#length += source.length
  }

  /** LEB128 of a whole number from 0 to 2^53. */
  unsigned(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.byte((rest % 128) | 0x80)
      rest = Math.floor(rest / 128)
    }
    this.byte(rest)
  }

  /** Signed LEB128 of a whole number from -2^53 to 2^53. */
  signed(value: number): void {
    let rest = value
    for (;;) {
      const low = ((rest % 128) + 128) % 128
      rest = (rest - low) / 128
      const last = (rest === 0 && low < 64) || (rest === -1 && low >= 64)
      this.byte(last ? low : low | 0x80)
      if (last) return
    }
  }

  /** A length, then the content. */
  sized(content: Uint8Array): void {
    this.unsigned(content.length)
    this.bytes(content)
  }

  /** The bytes so far, a view that later writes may leave behind. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** A copy of the bytes so far. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  clear(): void {
    this.#length = 0
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    larger.set(this.view())
    this.#bytes = larger
  }
}
