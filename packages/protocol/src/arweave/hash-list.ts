import { hashBytes } from './limits.ts'

const roomAtFirst = 64

/** Hashes of 32 bytes in one piece of memory: as arrays of their own they take ten times that. */
export class HashList {
  #bytes = new Uint8Array(roomAtFirst * hashBytes)
  #length = 0

  get length(): number {
    return this.#length
  }

  add(hash: Uint8Array): void {
    const at = this.#length * hashBytes
    if (at === this.#bytes.length) {
      const larger = new Uint8Array(2 * at)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes.set(hash, at)
    this.#length += 1
  }

  /** A view of the hash at `index`. */
  at(index: number): Uint8Array {
    return this.#bytes.subarray(index * hashBytes, (index + 1) * hashBytes)
  }
}
