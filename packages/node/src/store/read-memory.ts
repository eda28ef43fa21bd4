/** Smaller stretches get as much: the next may be longer. */
const leastBytes = 1024 * 1024 + 4096

/** Memory of a buffer of its own, not filled: it is read into at once. */
export function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer)
}

/** Beyond, what is given back goes to the collector of garbage. */
const freeMax = 8

/** Memory that readers use over and over. */
export class ReadMemory {
  readonly #free: Uint8Array<ArrayBuffer>[] = []

  /** At least so many bytes, with a buffer of their own. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    const free = this.#free.pop()
    return free !== undefined && free.length >= bytes ? free : allocate(Math.max(bytes, leastBytes))
  }

  /** The bytes are nobody's any more. */
  give(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length < freeMax) this.#free.push(bytes)
  }
}
