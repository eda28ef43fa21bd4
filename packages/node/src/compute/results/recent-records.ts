/**
 * The newest result records: who is told of a result reads it at once, and need not ask the disk.
 */
export class RecentRecords {
  readonly #bytesMax: number
  readonly #records = new Map<string, Uint8Array>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get(processId: string, slot: number): Uint8Array | undefined {
    return this.#records.get(`${processId}/${slot}`)
  }

  /** Forgets the oldest ones to make room. */
  add(processId: string, slot: number, record: Uint8Array): void {
    this.#records.set(`${processId}/${slot}`, record)
    this.#bytes += record.length
    for (const [key, oldest] of this.#records) {
      if (this.#bytes <= this.#bytesMax) return
      this.#records.delete(key)
      this.#bytes -= oldest.length
    }
  }
}
