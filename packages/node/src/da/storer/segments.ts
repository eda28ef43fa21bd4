import { permanent } from '@heddle/protocol/params'
import type { Disk } from '../../runtime/index.ts'
import type { StorerOptions } from './options.ts'
import type { NewRecord, RecordHead } from './record.ts'
import { scanSegment } from './scan.ts'
import { type Place, SegmentFile } from './segment-file.ts'

/** A record found when a storer is opened. */
export type FoundRecord = { readonly head: RecordHead; readonly place: Place }

const namePattern = /^[a-z]\d*-(\d{8})\.rows$/

/**
 * Files are filled by blobs that have about as long to live, within a factor of two: a file is
 * removed when nothing in it is needed any more, and nothing is ever copied.
 */
export function lifeClass(expiresAtSeconds: number, nowSeconds: number): string {
  if (expiresAtSeconds === permanent) return 'p'
  const hours = Math.max(1, (expiresAtSeconds - nowSeconds) / 3600)
  return `h${Math.ceil(Math.log2(hours))}`
}

/** All segment files of a storer. */
export class Segments {
  readonly #disk: Disk
  readonly #folder: string
  readonly #options: Pick<StorerOptions, 'segmentBytes'>
  /** The file that is appended to, by class of life. */
  readonly #active = new Map<string, Promise<SegmentFile>>()
  readonly #all = new Set<SegmentFile>()
  #next: number

  private constructor(
    disk: Disk,
    folder: string,
    options: Pick<StorerOptions, 'segmentBytes'>,
    next: number,
  ) {
    this.#disk = disk
    this.#folder = folder
    this.#options = options
    this.#next = next
  }

  /** Opens what is there and reads the heads of all records; none is appended to again. */
  static async open(
    disk: Disk,
    folder: string,
    options: Pick<StorerOptions, 'segmentBytes'>,
  ): Promise<{ readonly segments: Segments; readonly found: readonly FoundRecord[] }> {
    await disk.makeFolder(folder)
    const names = (await disk.list(folder)).filter((name) => namePattern.test(name))
    const last = Math.max(0, ...names.map((name) => Number(namePattern.exec(name)?.[1])))
    const segments = new Segments(disk, folder, options, last + 1)
    const found: FoundRecord[] = []
    for (const name of names) {
      const file = await disk.open(`${folder}/${name}`)
      const { records, sizeBytes } = await scanSegment(file)
      const segment = new SegmentFile(name, file, sizeBytes)
      segment.isSealed = true
      segments.#all.add(segment)
      for (const { head, at } of records) {
        found.push({ head, place: { segment, at, bytes: head.bodyBytes } })
      }
    }
    return { segments, found }
  }

  /** Bytes of all files. */
  get sizeBytes(): number {
    let bytes = 0
    for (const segment of this.#all) bytes += segment.sizeBytes
    return bytes
  }

  /** Resolves with the places of the bodies once they are durable. */
  async append(life: string, records: readonly NewRecord[]): Promise<readonly Place[]> {
    const segment = await (this.#active.get(life) ?? this.#begin(life))
    if (segment.sizeBytes >= this.#options.segmentBytes) this.#seal(segment)
    return segment.append(records)
  }

  /**
   * Removes files of which nothing is needed any more. One that is still appended to is only
   * sealed: it goes the next time.
   */
  async removeDead(): Promise<void> {
    const dead = [...this.#all].filter(
      ({ liveBytes, sizeBytes, isSealed, isWriting }) =>
        liveBytes === 0 && (sizeBytes > 0 || isSealed) && !isWriting,
    )
    const removable = dead.filter(({ isSealed }) => isSealed)
    for (const segment of dead) this.#seal(segment)
    for (const segment of removable) {
      this.#all.delete(segment)
      await segment.close()
      await this.#disk.remove(`${this.#folder}/${segment.name}`)
    }
    if (removable.length > 0) await this.#disk.syncFolder(this.#folder)
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#active.values())
    await Promise.all([...this.#all].map((segment) => segment.close()))
  }

  #seal(segment: SegmentFile): void {
    if (segment.isSealed) return
    segment.isSealed = true
    this.#active.delete(segment.name.split('-')[0] ?? '')
  }

  #begin(life: string): Promise<SegmentFile> {
    const name = `${life}-${String(this.#next++).padStart(8, '0')}.rows`
    const opening = this.#create(name)
    this.#active.set(life, opening)
    opening.catch(() => this.#active.delete(life))
    return opening
  }

  async #create(name: string): Promise<SegmentFile> {
    const file = await this.#disk.open(`${this.#folder}/${name}`)
    await this.#disk.syncFolder(this.#folder)
    const segment = new SegmentFile(name, file, 0)
    this.#all.add(segment)
    return segment
  }
}
