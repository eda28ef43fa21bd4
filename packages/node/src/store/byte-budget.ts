/** Bytes that many share: who asks for more than are left waits for its turn. */
export class ByteBudget {
  #left: number
  readonly #all: number
  readonly #waiting: { readonly bytes: number; readonly resolve: () => void }[] = []

  constructor(bytes: number) {
    this.#left = bytes
    this.#all = bytes
  }

  /** Resolves when the bytes are the caller's; more than all there are counts as all. */
  async take(bytes: number): Promise<void> {
    const wanted = Math.min(bytes, this.#all)
    if (this.#waiting.length === 0 && wanted <= this.#left) {
      this.#left -= wanted
      return
    }
    await new Promise<void>((resolve) => this.#waiting.push({ bytes: wanted, resolve }))
  }

  give(bytes: number): void {
    this.#left += Math.min(bytes, this.#all)
    for (;;) {
      const next = this.#waiting[0]
      if (next === undefined || next.bytes > this.#left) return
      this.#waiting.shift()
      this.#left -= next.bytes
      next.resolve()
    }
  }
}
