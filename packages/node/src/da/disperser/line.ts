import { disperserBusy, disperserClosed } from './errors.ts'

type Waiting = {
  readonly bytes: number
  start(): void
  refuse(error: Error): void
}

/** Lets so many bytes be worked on at once, first come first served, and so many wait. */
export class ByteLine {
  readonly #limitBytes: number
  readonly #waitingBytesMax: number
  readonly #waiting: Waiting[] = []
  #usedBytes = 0
  #waitingBytes = 0
  #isClosed = false

  constructor(limitBytes: number, waitingBytesMax: number) {
    this.#limitBytes = limitBytes
    this.#waitingBytesMax = waitingBytesMax
  }

  /** Resolves with what gives the bytes back; one that is larger than the line goes alone. */
  enter(wantedBytes: number): Promise<() => void> {
    const bytes = Math.min(wantedBytes, this.#limitBytes)
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(disperserClosed())
      if (this.#waitingBytes + bytes > this.#waitingBytesMax) {
        return reject(disperserBusy(this.#waitingBytes))
      }
      this.#waitingBytes += bytes
      const start = () => resolve(() => this.#leave(bytes))
      this.#waiting.push({ bytes, start, refuse: reject })
      this.#advance()
    })
  }

  close(): void {
    this.#isClosed = true
    for (const { refuse } of this.#waiting.splice(0)) refuse(disperserClosed())
    this.#waitingBytes = 0
  }

  #leave(bytes: number): void {
    this.#usedBytes -= bytes
    this.#advance()
  }

  #advance(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (this.#usedBytes + first.bytes > this.#limitBytes) return
      this.#waiting.shift()
      this.#waitingBytes -= first.bytes
      this.#usedBytes += first.bytes
      first.start()
    }
  }
}
