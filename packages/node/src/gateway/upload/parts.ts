import { join } from 'node:path'
import { encodeBase64Url } from '@heddle/protocol/base'
import type { Cancel, Disk, File, Random, Timer } from '../../runtime/index.ts'
import { uploadIncomplete, uploadsBusy, uploadTooLarge, uploadUnknown } from '../errors.ts'
import type { GatewayOptions } from '../options.ts'

export type PartsDeps = {
  readonly disk: Disk
  readonly timer: Timer
  readonly random: Random
}

type Range = { from: number; to: number }

type Open = {
  readonly file: File
  readonly path: string
  /** Bytes received, in order, joined where they touch. */
  ranges: Range[]
  cancel: Cancel
}

const readBytes = 1024 * 1024

/**
 * Uploads in parts, which come in any order and at a time. They wait in files of their own, which
 * no reply promises to keep: an upload is durable when it is finalized, and is begun again after a
 * restart of the node.
 */
export class PartUploads {
  readonly #deps: PartsDeps
  readonly #folder: string
  readonly #options: Pick<GatewayOptions, 'uploads' | 'uploadBytes' | 'uploadPatienceMs'>
  readonly #open = new Map<string, Open>()
  #ready: Promise<void> | undefined

  constructor(
    folder: string,
    deps: PartsDeps,
    options: Pick<GatewayOptions, 'uploads' | 'uploadBytes' | 'uploadPatienceMs'>,
  ) {
    this.#folder = folder
    this.#deps = deps
    this.#options = options
  }

  /** Begins one; its id is a secret between the node and the uploader. Throws `uploads-busy`. */
  async begin(): Promise<string> {
    const { disk, random } = this.#deps
    if (this.#open.size >= this.#options.uploads) throw uploadsBusy(this.#open.size)
    this.#ready ??= this.#clear()
    await this.#ready
    const id = encodeBase64Url(random.bytes(24))
    const path = join(this.#folder, id)
    const file = await disk.open(path)
    this.#open.set(id, { file, path, ranges: [], cancel: this.#giveUpLater(id) })
    return id
  }

  /**
   * Takes bytes from `offset` on; returns how many. Throws `upload-unknown`, `upload-too-large`.
   */
  async write(id: string, offset: number, source: AsyncIterable<Uint8Array>): Promise<number> {
    const upload = this.#find(id)
    upload.cancel()
    let at = offset
    try {
      for await (const piece of source) {
        if (at + piece.length > this.#options.uploadBytes) {
          throw uploadTooLarge(this.#options.uploadBytes)
        }
        await upload.file.write([piece], at)
        at += piece.length
      }
    } finally {
      upload.cancel = this.#giveUpLater(id)
    }
    if (at > offset) upload.ranges = joinRange(upload.ranges, { from: offset, to: at })
    return at - offset
  }

  /** Bytes of the upload if they are there without a gap. Throws `upload-incomplete`. */
  size(id: string): number {
    const { ranges } = this.#find(id)
    const [first] = ranges
    if (first === undefined || first.from > 0) throw uploadIncomplete(id, 0)
    if (ranges.length > 1) throw uploadIncomplete(id, first.to)
    return first.to
  }

  async *read(id: string): AsyncGenerator<Uint8Array> {
    const sizeBytes = this.size(id)
    const { file } = this.#find(id)
    for (let at = 0; at < sizeBytes; ) {
      const into = new Uint8Array(Math.min(readBytes, sizeBytes - at))
      const got = await file.read(into, at)
      if (got === 0) throw uploadIncomplete(id, at)
      at += got
      yield into.subarray(0, got)
    }
  }

  has(id: string): boolean {
    return this.#open.has(id)
  }

  /** Ends one and removes what was received. */
  async remove(id: string): Promise<void> {
    const upload = this.#open.get(id)
    if (upload === undefined) return
    this.#open.delete(id)
    upload.cancel()
    await upload.file.close()
    await this.#deps.disk.remove(upload.path)
  }

  async close(): Promise<void> {
    for (const id of [...this.#open.keys()]) await this.remove(id)
  }

  /** What an earlier run left nobody can go on with. A failure is met again by the next upload. */
  async #clear(): Promise<void> {
    const { disk } = this.#deps
    try {
      await disk.remove(this.#folder)
      await disk.makeFolder(this.#folder)
    } catch (error) {
      this.#ready = undefined
      throw error
    }
  }

  #find(id: string): Open {
    const upload = this.#open.get(id)
    if (upload === undefined) throw uploadUnknown(id)
    return upload
  }

  #giveUpLater(id: string): Cancel {
    return this.#deps.timer.after(this.#options.uploadPatienceMs, () => {
      // A file that cannot be removed now is removed at the next start.
      this.remove(id).catch(() => {})
    })
  }
}

function joinRange(ranges: readonly Range[], added: Range): Range[] {
  const joined: Range[] = []
  for (const { from, to } of [...ranges, added].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else joined.push({ from, to })
  }
  return joined
}
