import { crc32 } from 'node:zlib'
import { encodeText } from '@heddle/protocol/base'
import { recordBodyBytes, recordHeadBytes, recordSlot } from './frame.ts'

/** Segment, offset, body length. */
const placeWords = 3

/** Where the durable records of one log lie: 12 bytes a record, no object for each. */
export class LogIndex {
  readonly name: string
  readonly nameBytes: Uint8Array
  /** Start value of the CRC of each record. */
  readonly seed: number
  /** Next slot, with those that wait for the disk. */
  nextSlot = 0
  #count = 0
  #places = new Uint32Array(2 * placeWords)

  constructor(name: string) {
    this.name = name
    this.nameBytes = encodeText(name)
    this.seed = crc32(this.nameBytes)
  }

  /** Durable records. */
  get count(): number {
    return this.#count
  }

  segmentOf(slot: number): number {
    return this.#places[slot * placeWords] ?? 0
  }

  /** Where the record's head starts in its segment. */
  offsetOf(slot: number): number {
    return this.#places[slot * placeWords + 1] ?? 0
  }

  lengthOf(slot: number): number {
    return this.#places[slot * placeWords + 2] ?? 0
  }

  /**
   * Adds `count` records lying in `bytes` from `at`; byte 0 of `bytes` lies at `base` of `segment`.
   * Returns where they end, or undefined where they are not the next slots of this log.
   */
  add(bytes: Buffer, at: number, count: number, segment: number, base: number): number | undefined {
    let end = at
    for (let i = 0; i < count; i++) {
      const length = recordBodyBytes(bytes, end)
      if (length === undefined || recordSlot(bytes, end) !== this.#count) return undefined
      this.#push(segment, base + end, length)
      end += recordHeadBytes + length
    }
    if (this.nextSlot < this.#count) this.nextSlot = this.#count
    return end
  }

  #push(segment: number, offset: number, length: number): void {
    const word = this.#count * placeWords
    if (word === this.#places.length) {
      const grown = new Uint32Array(word * 2)
      grown.set(this.#places)
      this.#places = grown
    }
    this.#places[word] = segment
    this.#places[word + 1] = offset
    this.#places[word + 2] = length
    this.#count++
  }
}
