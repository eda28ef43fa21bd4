/**
 * Remembers which items were verified, by digest of all their bytes, and forgets the least used.
 */
export class VerifiedItems {
  readonly #digests = new Set<string>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  has(digest: string): boolean {
    // Moved to the end: a Set keeps the order of insertion.
    if (!this.#digests.delete(digest)) return false
    this.#digests.add(digest)
    return true
  }

  add(digest: string): void {
    if (this.#capacity === 0 || this.has(digest)) return
    const [oldest] = this.#digests
    if (this.#digests.size >= this.#capacity && oldest !== undefined) this.#digests.delete(oldest)
    this.#digests.add(digest)
  }
}
