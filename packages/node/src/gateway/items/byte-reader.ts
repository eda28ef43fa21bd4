import { freeMemory } from '../../runtime/index.ts'

/** Takes a stream of bytes apart at other borders than it comes in. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #isReused: boolean
  #left: Uint8Array = new Uint8Array(0)

  /** `isReused`: the source uses the memory of a part again once the next is asked for. */
  constructor(source: AsyncIterable<Uint8Array>, isReused = false) {
    this.#source = source[Symbol.asyncIterator]()
    this.#isReused = isReused
  }

  /**
   * The next `length` bytes in memory; fewer only at the end. A view where they lie together and their memory
   * stays theirs.
   */
  async take(length: number): Promise<Uint8Array> {
    if (this.#left.length >= length) return this.#kept(this.#cut(length))
    const parts: Uint8Array[] = []
    let got = 0
    for await (const part of this.pass(length)) {
      parts.push(this.#kept(part))
      got += part.length
    }
    const [only] = parts
    if (parts.length === 1 && only !== undefined) return only
    const bytes = new Uint8Array(got)
    let at = 0
    for (const part of parts) {
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  }

  /** The next `length` bytes as they come. */
  async *pass(length: number): AsyncGenerator<Uint8Array> {
    let rest = length
    while (rest > 0) {
      if (this.#left.length === 0) {
        const next = await this.#source.next()
        if (next.done) return
        this.#left = next.value
        continue
      }
      const part = this.#cut(Math.min(rest, this.#left.length))
      rest -= part.length
      yield part
    }
  }

  /**
   * All that is left, as it comes. Where the source's parts are the reader's own, the memory of each is
   * given back when the next is asked for.
   */
  async *rest(isOwned = false): AsyncGenerator<Uint8Array> {
    for await (const part of this.pass(Number.POSITIVE_INFINITY)) {
      yield part
      if (isOwned) freeMemory(part)
    }
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    await this.#source.return?.()
  }

  /** Not `slice`: of a Buffer that is a view. */
  #kept(part: Uint8Array): Uint8Array {
    return this.#isReused ? new Uint8Array(part) : part
  }

  #cut(length: number): Uint8Array {
    const part = this.#left.subarray(0, length)
    this.#left = this.#left.subarray(length)
    return part
  }
}
