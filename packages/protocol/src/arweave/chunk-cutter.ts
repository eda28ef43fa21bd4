import { dataEnded } from './errors.ts'
import { chunkBytesMax, chunkBytesMin } from './limits.ts'

/**
 * Cuts a stream of bytes into chunks where arweave-js cuts a whole buffer: 256 KiB each; where a
 * remainder of less than 32 KiB would follow, the last two share evenly (the first has the odd
 * byte). It holds less than 288 KiB and the chunk in the making. Chunks handed out are the
 * caller's: nothing else refers to their memory.
 */
export class ChunkCutter {
  readonly #allocate: () => Uint8Array<ArrayBuffer>
  #chunk: Uint8Array<ArrayBuffer>
  #filled = 0
  /** What follows a full chunk until it is clear that its remainder is long enough. */
  #rest = new Uint8Array(chunkBytesMin)
  #restFilled = 0
  #isEnded = false

  /** `allocate` gives memory of 256 KiB for the next chunk; whoever is done with chunks reuses theirs. */
  constructor(allocate = () => new Uint8Array(chunkBytesMax)) {
    this.#allocate = allocate
    this.#chunk = allocate()
  }

  /** Takes bytes (they are copied) and returns the chunks they complete. */
  push(bytes: Uint8Array): Uint8Array<ArrayBuffer>[] {
    if (this.#isEnded) throw dataEnded()
    const chunks: Uint8Array<ArrayBuffer>[] = []
    let at = 0
    while (at < bytes.length) {
      if (this.#filled < chunkBytesMax) {
        at += this.#fill(bytes.subarray(at, at + chunkBytesMax - this.#filled))
        continue
      }
      const part = bytes.subarray(at, at + chunkBytesMin - this.#restFilled)
      this.#rest.set(part, this.#restFilled)
      this.#restFilled += part.length
      at += part.length
      if (this.#restFilled === chunkBytesMin) chunks.push(this.#next())
    }
    return chunks
  }

  /** Returns the last one or two chunks; none where there was no byte. */
  end(): Uint8Array<ArrayBuffer>[] {
    if (this.#isEnded) throw dataEnded()
    this.#isEnded = true
    const first = this.#chunk.subarray(0, this.#filled)
    // A copy, so that a short chunk does not keep a long buffer alive.
    if (this.#restFilled === 0) return this.#filled === 0 ? [] : [first.slice()]
    const half = Math.ceil((chunkBytesMax + this.#restFilled) / 2)
    const second = new Uint8Array(chunkBytesMax + this.#restFilled - half)
    second.set(first.subarray(half), 0)
    second.set(this.#rest.subarray(0, this.#restFilled), chunkBytesMax - half)
    return [first.subarray(0, half), second]
  }

  #fill(part: Uint8Array): number {
    this.#chunk.set(part, this.#filled)
    this.#filled += part.length
    return part.length
  }

  #next(): Uint8Array<ArrayBuffer> {
    const chunk = this.#chunk
    this.#chunk = this.#allocate()
    this.#chunk.set(this.#rest, 0)
    this.#filled = this.#restFilled
    this.#restFilled = 0
    return chunk
  }
}
