import { join } from 'node:path'
import type { Disk, File } from '../../runtime/index.ts'
import { journalClosed } from '../errors.ts'
import { segmentName } from './format.ts'

type Reader = { readonly file: Promise<File>; users: number }

/** Segment files open for reading; the least recently used is closed beyond `openMax`. */
export class SegmentReaders {
  readonly #disk: Disk
  readonly #folder: string
  readonly #openMax: number
  readonly #readers = new Map<number, Reader>()
  #isClosed = false
  #whenIdle: (() => void) | undefined

  constructor(disk: Disk, folder: string, openMax: number) {
    this.#disk = disk
    this.#folder = folder
    this.#openMax = openMax
  }

  path(segment: number): string {
    return join(this.#folder, segmentName(segment))
  }

  /** Runs `read` with a segment's file, which stays open meanwhile. */
  async use<T>(segment: number, read: (file: File) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw journalClosed()
    const known = this.#readers.get(segment)
    const reader = known ?? { file: this.#disk.open(this.path(segment)), users: 0 }
    // Last in the map is the most recently used.
    this.#readers.delete(segment)
    this.#readers.set(segment, reader)
    reader.users++
    try {
      return await read(await reader.file)
    } finally {
      reader.users--
      await this.#release(segment, reader)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#isBusy()) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve
      })
    }
    for (const reader of this.#readers.values()) await closeReader(reader)
    this.#readers.clear()
  }

  async #release(segment: number, reader: Reader): Promise<void> {
    if (this.#isClosed) {
      if (!this.#isBusy()) this.#whenIdle?.()
      return
    }
    // A file that did not open is asked for anew next time.
    const isOpen = await reader.file.then(
      () => true,
      () => false,
    )
    if (!isOpen && this.#readers.get(segment) === reader) this.#readers.delete(segment)
    for (const [number, idle] of this.#readers) {
      if (this.#readers.size <= this.#openMax) return
      if (idle.users > 0) continue
      this.#readers.delete(number)
      await closeReader(idle)
    }
  }

  #isBusy(): boolean {
    for (const reader of this.#readers.values()) if (reader.users > 0) return true
    return false
  }
}

async function closeReader(reader: Reader): Promise<void> {
  const file = await reader.file.catch(() => undefined)
  await file?.close()
}
