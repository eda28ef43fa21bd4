import { isHeddleError } from '@heddle/protocol/base'
import { uploadUnknown } from '../errors.ts'
import type { PartFile } from './part-file.ts'

/** Takes what was put together of parts, as it comes; at least `leastBytes` are to come. */
export type Take<T> = (source: AsyncIterable<Uint8Array>, leastBytes: number) => Promise<T>

/**
 * An upload that is taken in order while its parts still come, so that little is left to do when the
 * last is there. Nothing of it counts before `end`.
 */
export class Taking<T> {
  readonly #id: string
  readonly #taken: Promise<T>
  /** Bytes from the start that are there without a gap. */
  #thereBytes: number
  #wholeBytes: number | undefined
  #isStale = false
  #isDropped = false
  #wake: () => void = () => {}

  constructor(id: string, file: PartFile, take: Take<T>) {
    this.#id = id
    this.#thereBytes = file.joinedBytes
    const source = file.follow(id, (from) => this.#next(from))
    this.#taken = take(source, this.#thereBytes)
    // Its error is met at the end; nobody may be waiting before.
    this.#taken.catch(() => {})
  }

  /** So much is there from the start, without a gap. */
  reach(bytes: number): void {
    if (this.#wholeBytes !== undefined) return
    this.#thereBytes = bytes
    this.#wake()
  }

  /** Somebody writes there: where it was taken from before, that no longer counts. */
  touch(offset: number): void {
    if (offset < this.#thereBytes) this.#isStale = true
  }

  /**
   * All of `sizeBytes` is there: what was made of it, or undefined where it must be taken anew. Throws
   * what is wrong with it.
   */
  async end(sizeBytes: number): Promise<T | undefined> {
    if (this.#isStale) {
      await this.drop()
      return undefined
    }
    this.#thereBytes = sizeBytes
    this.#wholeBytes = sizeBytes
    this.#wake()
    try {
      return await this.#taken
    } catch (error) {
      if (isHeddleError(error) && error.kind === 'invalid') throw error
      return undefined
    }
  }

  /** Gives it up; resolves when nothing reads the file any more. */
  async drop(): Promise<void> {
    this.#isDropped = true
    this.#wake()
    await this.#taken.catch(() => {})
  }

  /** Where the bytes from `from` on end that may be read; `from` itself where no more come. */
  async #next(from: number): Promise<number> {
    for (;;) {
      if (this.#isDropped) throw uploadUnknown(this.#id)
      if (this.#thereBytes > from || this.#wholeBytes === from) return this.#thereBytes
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
