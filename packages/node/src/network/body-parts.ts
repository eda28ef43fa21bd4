/** Shorter parts are put together: each costs some hundred bytes besides its own. */
const blockBytes = 4096

type Block = { readonly bytes: Buffer; used: number }

/**
 * The parts of a body as they come, in little more than twice their bytes of memory, however many they are:
 * in HTTP a part may be a single byte.
 */
export class BodyParts {
  readonly #parts: (Uint8Array | Block)[] = []
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** Pieces of memory they are in. */
  get pieces(): number {
    return this.#parts.length
  }

  add(part: Uint8Array): void {
    this.#bytes += part.length
    // Most bodies come as one part, which stays as it is.
    if (part.length >= blockBytes || this.#parts.length === 0) {
      this.#parts.push(part)
      return
    }
    const block = this.#blockFor(part.length)
    block.bytes.set(part, block.used)
    block.used += part.length
  }

  /** All of them as one. */
  join(): Uint8Array {
    const parts = this.#parts.map((part) =>
      part instanceof Uint8Array ? part : part.bytes.subarray(0, part.used),
    )
    return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, this.#bytes)
  }

  #blockFor(bytes: number): Block {
    const last = this.#parts.at(-1)
    const isOpen = last !== undefined && !(last instanceof Uint8Array)
    if (isOpen && last.used + bytes <= blockBytes) return last
    const block = { bytes: Buffer.allocUnsafeSlow(blockBytes), used: 0 }
    this.#parts.push(block)
    return block
  }
}
