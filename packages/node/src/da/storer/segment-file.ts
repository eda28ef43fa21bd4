import type { File } from '../../runtime/index.ts'
import { storerFailed } from './errors.ts'
import { bodyLength, crcOf, decodeHead, encodeHead, headBytes, type NewRecord } from './record.ts'

/** Where the body of a record lies. */
export type Place = { readonly segment: SegmentFile; readonly at: number; readonly bytes: number }

type Waiting = {
  readonly records: readonly NewRecord[]
  resolve(places: readonly Place[]): void
  reject(error: unknown): void
}

/** The system takes so many buffers at once; a write carries no more bytes than this by itself. */
const batchBytesMax = 64 * 2 ** 20

/**
 * One append-only file. What arrives while a write is under way goes out together in the next one
 * (group commit); an append resolves when it is on the disk. After a failed write nothing more is
 * taken: what lies behind the last good byte is not known.
 */
export class SegmentFile {
  readonly name: string
  /** Bytes of bodies that some blob still needs. */
  liveBytes = 0
  /** Nothing is begun to be appended any more. */
  isSealed = false
  readonly #file: File
  #sizeBytes: number
  #waiting: Waiting[] = []
  #writing: Promise<void> | undefined
  #failure: unknown

  constructor(name: string, file: File, sizeBytes: number) {
    this.name = name
    this.#file = file
    this.#sizeBytes = sizeBytes
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get isWriting(): boolean {
    return this.#writing !== undefined
  }

  /** Resolves with the places of the bodies once they are durable. */
  append(records: readonly NewRecord[]): Promise<readonly Place[]> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(storerFailed(this.#failure))
      this.#waiting.push({ records, resolve, reject })
      this.#writing ??= this.#writeAll()
    })
  }

  async read({ at }: Pick<Place, 'at'>, offset: number, into: Uint8Array): Promise<void> {
    const filled = await this.#file.read(into, at + offset).catch((error: unknown) => {
      throw storerFailed(error)
    })
    if (filled < into.length) throw storerFailed(new Error(`${this.name} ends too early`))
  }

  /** The body of a record where it is still what was written, by its checksum. */
  async readWhole({ at, bytes }: Place): Promise<Uint8Array | undefined> {
    const record = new Uint8Array(headBytes + bytes)
    // A disk that says that it cannot read is as good as one that gives other bits.
    const filled = await this.#file.read(record, at - headBytes).catch(() => 0)
    const head = filled < record.length ? undefined : decodeHead(record)
    const body = record.subarray(headBytes)
    return head?.bodyBytes === bytes && crcOf([body]) === head.bodyCrc ? body : undefined
  }

  /** Whether a record is still what was written. */
  async isWhole(place: Place): Promise<boolean> {
    return (await this.readWhole(place)) !== undefined
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#file.close()
  }

  async #writeAll(): Promise<void> {
    // One turn of the loop, so that appends of the same moment share the write.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      try {
        const places = await this.#write(batch.flatMap(({ records }) => records))
        let next = 0
        for (const { records, resolve } of batch) {
          resolve(places.slice(next, next + records.length))
          next += records.length
        }
      } catch (error) {
        this.#failure = error
        for (const { reject } of [...batch, ...this.#waiting]) reject(storerFailed(error))
        this.#waiting = []
      }
    }
    this.#writing = undefined
  }

  #takeBatch(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const { records } of this.#waiting) {
      bytes += records.reduce((sum, record) => sum + bodyLength(record), 0)
      if (count > 0 && bytes > batchBytesMax) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #write(records: readonly NewRecord[]): Promise<Place[]> {
    const from = this.#sizeBytes
    const buffers: Uint8Array[] = []
    const places: Place[] = []
    let at = from
    for (const record of records) {
      const bytes = bodyLength(record)
      buffers.push(encodeHead(record, from), ...record.body)
      places.push({ segment: this, at: at + headBytes, bytes })
      at += headBytes + bytes
    }
    await this.#file.writeDurably(buffers, from)
    this.#sizeBytes = at
    for (const { bytes } of places) this.liveBytes += bytes
    return places
  }
}
