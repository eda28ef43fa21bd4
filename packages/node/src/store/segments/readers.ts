import { join } from 'node:path'
import type { Disk, File } from '../../runtime/index.ts'
import { segmentName } from './format.ts'

type Reader = { readonly file: Promise<File>; users: number; isDropped: boolean }

/**
 * Segment files open for reading, the least used of late closed first. A file in use stays open, also
 * when it is removed meanwhile: its reader gets what it began to read.
 */
export class SegmentReaders {
  readonly #disk: Pick<Disk, 'open'>
  readonly #folder: string
  readonly #openMax: number
  readonly #readers = new Map<number, Reader>()
  readonly #closing = new Set<Promise<void>>()

  constructor(disk: Pick<Disk, 'open'>, folder: string, openMax: number) {
    this.#disk = disk
    this.#folder = folder
    this.#openMax = openMax
  }

  /** Runs with the open file of a segment. */
  async use<T>(segment: number, run: (file: File) => Promise<T>): Promise<T> {
    const reader = this.#readers.get(segment) ?? this.#open(segment)
    // The map keeps the order of use.
    this.#readers.delete(segment)
    this.#readers.set(segment, reader)
    reader.users++
    try {
      return await run(await reader.file)
    } finally {
      reader.users--
      this.#closeIfIdle(reader)
      this.#evict()
    }
  }

  /** Closes a segment's file as soon as nobody reads it. */
  drop(segment: number): void {
    const reader = this.#readers.get(segment)
    if (reader === undefined) return
    this.#readers.delete(segment)
    reader.isDropped = true
    this.#closeIfIdle(reader)
  }

  /** Closes all files; resolves when those that nobody reads are closed. */
  async close(): Promise<void> {
    for (const segment of [...this.#readers.keys()]) this.drop(segment)
    await Promise.all(this.#closing)
  }

  #open(segment: number): Reader {
    const file = this.#disk.open(join(this.#folder, segmentName(segment)))
    const reader: Reader = { file, users: 0, isDropped: false }
    // A file that does not open is tried anew by the next.
    file.catch(() => this.#readers.delete(segment))
    return reader
  }

  #evict(): void {
    for (const [segment, { users }] of this.#readers) {
      if (this.#readers.size <= this.#openMax) return
      if (users === 0) this.drop(segment)
    }
  }

  #closeIfIdle({ file, users, isDropped }: Reader): void {
    if (!isDropped || users > 0) return
    const closing = file.then((open) => open.close()).catch(() => {})
    this.#closing.add(closing)
    closing.then(() => this.#closing.delete(closing))
  }
}
