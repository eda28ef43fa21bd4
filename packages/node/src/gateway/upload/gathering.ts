/** Uploads of fewer bytes are not counted: memory for those is what any request takes. */
const countedBytes = 1024 * 1024

/** Bytes of uploads that are being put together in memory, all together. */
export class Gathering {
  readonly #mostBytes: number
  #bytes = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Counts an upload of up to so many bytes, until the call returned; undefined where there is no room. */
  enter(bytes: number): (() => void) | undefined {
    if (bytes < countedBytes) return () => {}
    if (this.#bytes + bytes > this.#mostBytes) return undefined
    this.#bytes += bytes
    return () => {
      this.#bytes -= bytes
    }
  }
}
