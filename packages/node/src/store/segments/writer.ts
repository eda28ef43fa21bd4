import { join } from 'node:path'
import { isHeddleError } from '@heddle/protocol/base'
import type { File, Runtime } from '../../runtime/index.ts'
import { storeClosed, storeDiskError } from '../errors.ts'
import type { StoreOptions } from '../options.ts'
import {
  encodeRecordHead,
  encodeSegmentHead,
  markBytes,
  type RawRecord,
  recordBytes,
  segmentHeadBytes,
  segmentName,
} from './format.ts'

/** Where a record lies. `offset` is that of its head. */
export type Placed<T> = { readonly what: T; readonly segment: number; readonly offset: number }

type Waiting<T> = {
  /** Absent where somebody only waits for what is before. */
  readonly record?: { readonly raw: RawRecord; readonly what: T }
  readonly isAwaited: boolean
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

type Limits = Pick<StoreOptions, 'segmentBytes' | 'groupBytes' | 'unsyncedBytes'>

/**
 * The end of the store: records go out in order, everything that waits in one write. `append`
 * resolves when the system has a record, `commit` when it and all before it are on the disk. Each
 * durable stretch is handed to `onDurable` in order before its commits resolve.
 *
 * After a failed write or sync nothing since the last sync is believed (Linux drops dirty pages of
 * a failed fdatasync: Rebello et al., USENIX ATC 2020): those records are lost, `generation` rises,
 * the file is cut back, and writing goes on in a new segment.
 */
export class SegmentWriter<T> {
  /** Rises when records that `append` resolved were lost. */
  generation = 0
  readonly #runtime: Pick<Runtime, 'disk' | 'random'>
  readonly #folder: string
  readonly #limits: Limits
  readonly #onDurable: (placed: readonly Placed<T>[], end: SegmentEnd) => void
  readonly #onLost: (lost: readonly Placed<T>[]) => void
  #segment: number
  #file: File | undefined
  #mark: Uint8Array = new Uint8Array(markBytes)
  #writtenBytes = 0
  #durableBytes = 0
  #unsynced: Placed<T>[] = []
  #waiting: Waiting<T>[] = []
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(
    runtime: Pick<Runtime, 'disk' | 'random'>,
    folder: string,
    limits: Limits,
    /** Number of the newest segment there is; writing begins in the next. */
    lastSegment: number,
    listener: {
      readonly onDurable: (placed: readonly Placed<T>[], end: SegmentEnd) => void
      readonly onLost: (lost: readonly Placed<T>[]) => void
    },
  ) {
    this.#runtime = runtime
    this.#folder = folder
    this.#limits = limits
    this.#segment = lastSegment
    this.#onDurable = listener.onDurable
    this.#onLost = listener.onLost
  }

  /** The segment that is written to; those below it never change. */
  get segment(): number {
    return this.#segment
  }

  /** Resolves when the record can be read. Throws `store-full`, `store-disk-failed`. */
  append(raw: RawRecord, what: T): Promise<void> {
    return this.#push(false, { raw, what })
  }

  /** Resolves when the record and all before it are durable and handed to `onDurable`. */
  commit(raw: RawRecord, what: T): Promise<void> {
    return this.#push(true, { raw, what })
  }

  /** Resolves when all that was appended before is durable and handed to `onDurable`. */
  flush(): Promise<void> {
    return this.#push(true)
  }

  /** Makes everything written durable and closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true
    while (this.#running !== undefined) await this.#running
    try {
      await this.#sync()
    } catch {
      // Nobody was told that what is lost was kept.
      this.#lose()
    }
    await this.#file?.close()
    this.#file = undefined
  }

  #push(isAwaited: boolean, record?: Waiting<T>['record']): Promise<void> {
    if (this.#isClosed) return Promise.reject(storeClosed())
    return new Promise((resolve, reject) => {
      const what = record === undefined ? {} : { record }
      this.#waiting.push({ ...what, isAwaited, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  async #run(): Promise<void> {
    // Let everything of this turn of the event loop join the first group.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup()
      try {
        await this.#write(group)
      } catch (error) {
        this.#fail(group, error)
        await this.#cutBack()
      }
    }
    this.#running = undefined
  }

  #takeGroup(): Waiting<T>[] {
    let bytes = 0
    let count = 0
    for (const { record } of this.#waiting) {
      bytes += record === undefined ? 0 : recordBytes(record.raw)
      if (count > 0 && bytes > this.#limits.groupBytes) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #write(group: readonly Waiting<T>[]): Promise<void> {
    const records = group.flatMap(({ record }) => record ?? [])
    const groupBytes = records.reduce((sum, { raw }) => sum + recordBytes(raw), 0)
    const file = await this.#fileFor(groupBytes)
    const buffers: Uint8Array[] = []
    const placed: Placed<T>[] = []
    let offset = this.#writtenBytes
    for (const { raw, what } of records) {
      buffers.push(encodeRecordHead(raw, this.#mark), raw.body)
      placed.push({ what, segment: this.#segment, offset })
      offset += recordBytes(raw)
    }
    const isAwaited = group.some((waiting) => waiting.isAwaited)
    const isDue = isAwaited || offset - this.#durableBytes > this.#limits.unsyncedBytes
    if (isDue) await file.writeDurably(buffers, this.#writtenBytes)
    else await file.write(buffers, this.#writtenBytes)
    this.#writtenBytes = offset
    this.#unsynced.push(...placed)
    if (isDue) this.#settle()
    for (const { resolve } of group) resolve()
  }

  async #fileFor(groupBytes: number): Promise<File> {
    const endBytes = this.#writtenBytes + groupBytes
    const isFull = this.#writtenBytes > segmentHeadBytes && endBytes > this.#limits.segmentBytes
    return this.#file === undefined || isFull ? await this.#beginSegment() : this.#file
  }

  async #beginSegment(): Promise<File> {
    const { disk, random } = this.#runtime
    await this.#sync()
    await this.#file?.close()
    this.#file = undefined
    this.#segment++
    this.#mark = random.bytes(markBytes)
    const file = await disk.open(this.#path())
    try {
      await file.truncate(0)
      await file.writeDurably([encodeSegmentHead(this.#mark)], 0)
      await disk.syncFolder(this.#folder)
    } catch (error) {
      await file.close().catch(() => {})
      throw error
    }
    this.#file = file
    this.#writtenBytes = segmentHeadBytes
    this.#durableBytes = segmentHeadBytes
    return file
  }

  async #sync(): Promise<void> {
    if (this.#unsynced.length === 0) return
    await this.#file?.sync()
    this.#settle()
  }

  /** All that is written is durable: tells so. */
  #settle(): void {
    const placed = this.#unsynced
    this.#unsynced = []
    this.#durableBytes = this.#writtenBytes
    this.#onDurable(placed, { segment: this.#segment, endBytes: this.#durableBytes })
  }

  /** Refuses the group and all behind it, which may rest on what is lost. */
  #fail(group: readonly Waiting<T>[], cause: unknown): void {
    const error = isHeddleError(cause) ? cause : storeDiskError(this.#path(), cause)
    const refused = [...group, ...this.#waiting]
    this.#waiting = []
    this.#lose()
    for (const { reject } of refused) reject(error)
  }

  #lose(): void {
    this.generation++
    const lost = this.#unsynced
    this.#unsynced = []
    this.#onLost(lost)
  }

  /** Frees what the lost records took, if the disk allows it; scans skip them where it does not. */
  async #cutBack(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    if (file === undefined) return
    await file.truncate(this.#durableBytes).catch(() => {})
    await file.close().catch(() => {})
  }

  #path(): string {
    return join(this.#folder, segmentName(this.#segment))
  }
}

/** How far the segments are durable. */
export type SegmentEnd = { readonly segment: number; readonly endBytes: number }
