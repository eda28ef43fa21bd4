/** What one request holds of the memory for bodies. */
export type BodyShare = { heldBytes: number }

type Waiting = {
  readonly share: BodyShare
  readonly bytes: number
  readonly onGranted: () => void
}

/**
 * The memory that the bodies of all requests share. Bodies are counted as they come, part by part, so
 * that one that was announced and never comes takes nothing. Who wants more than there is waits in line.
 *
 * So that many halves of bodies do not wait for each other, room for one whole body is set aside for one
 * of those that wait: it alone may use it, comes to its end, and gives back what it has.
 */
export class BodyMemory {
  readonly #sharedBytes: number
  #line: Waiting[] = []
  #heldBytes = 0
  /** Who may use the room that is set aside. */
  #finisher: BodyShare | undefined

  /** `limitBytes` in all, but no less than one body of `bodyBytesMax`. */
  constructor(limitBytes: number, bodyBytesMax: number) {
    this.#sharedBytes = Math.max(0, limitBytes - bodyBytesMax)
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  /** Bodies that are held back. */
  get waiting(): number {
    return this.#line.length
  }

  /**
   * Takes so many bytes more, at most a whole body all together: true where there is room at once, else
   * `onGranted` is called when there is. A share asks again only then.
   */
  take(share: BodyShare, bytes: number, onGranted: () => void): boolean {
    const isNext = share === this.#finisher || this.#line.length === 0
    if (isNext && this.#admit(share, bytes)) return true
    this.#line.push({ share, bytes, onGranted })
    return false
  }

  /** Gives back all a share has, and takes it out of the line. */
  release(share: BodyShare): void {
    this.#heldBytes -= share.heldBytes
    share.heldBytes = 0
    if (this.#finisher === share) this.#finisher = undefined
    this.#line = this.#line.filter((waiting) => waiting.share !== share)
    for (let next = this.#line[0]; next !== undefined; next = this.#line[0]) {
      if (!this.#admit(next.share, next.bytes)) return
      this.#line.shift()
      next.onGranted()
    }
  }

  #admit(share: BodyShare, bytes: number): boolean {
    // Nothing of what is set aside is in use: another may have it.
    if (this.#heldBytes <= this.#sharedBytes) this.#finisher = undefined
    const isRoom = this.#heldBytes + bytes <= this.#sharedBytes
    if (!isRoom) this.#finisher ??= share
    if (!isRoom && this.#finisher !== share) return false
    share.heldBytes += bytes
    this.#heldBytes += bytes
    return true
  }
}
