const idBytes = 32

/** Ids of all blocks by height and back: 40 to 48 bytes a block. */
export class BlockIndex {
  #ids = new Uint8Array(16 * idBytes)
  /** Open addressing: height + 1 at a place the id's first bytes choose; 0 is free. */
  #table = new Uint32Array(32)
  #count = 0

  get count(): number {
    return this.#count
  }

  /** Adds the id of the next height. */
  add(id: Uint8Array): void {
    if ((this.#count + 1) * idBytes > this.#ids.length) this.#grow()
    this.#ids.set(id, this.#count * idBytes)
    this.#place(this.#count)
    this.#count++
  }

  idAt(height: number): Uint8Array {
    return this.#ids.subarray(height * idBytes, (height + 1) * idBytes)
  }

  heightOf(id: Uint8Array): number | undefined {
    if (id.length !== idBytes) return undefined
    const mask = this.#table.length - 1
    for (let at = firstWord(id) & mask; ; at = (at + 1) & mask) {
      const height = (this.#table[at] ?? 0) - 1
      if (height < 0) return undefined
      if (isSame(this.idAt(height), id)) return height
    }
  }

  #place(height: number): void {
    const mask = this.#table.length - 1
    let at = firstWord(this.idAt(height)) & mask
    while (this.#table[at] !== 0) at = (at + 1) & mask
    this.#table[at] = height + 1
  }

  #grow(): void {
    const ids = new Uint8Array(this.#ids.length * 2)
    ids.set(this.#ids)
    this.#ids = ids
    // At most half of the table is ever taken.
    this.#table = new Uint32Array(this.#table.length * 2)
    for (let height = 0; height < this.#count; height++) this.#place(height)
  }
}

// Ids are hashes: any four bytes of them are spread evenly.
function firstWord(id: Uint8Array): number {
  return ((id[0] ?? 0) | ((id[1] ?? 0) << 8) | ((id[2] ?? 0) << 16) | ((id[3] ?? 0) << 24)) >>> 0
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < idBytes; i++) if (a[i] !== b[i]) return false
  return true
}
