import { join } from 'node:path'
import { decodeText, encodeBase64Url, encodeText } from '@heddle/protocol/base'
import type { Cancel, Disk, Random, Timer } from '../../runtime/index.ts'
import { uploadsBusy, uploadTooLarge, uploadUnknown } from '../errors.ts'
import type { GatewayOptions } from '../options.ts'
import { dataSuffix, PartFile, rangesSuffix } from './part-file.ts'
import type { Receipt } from './receipt.ts'

export type PartsDeps = {
  readonly disk: Disk
  readonly timer: Timer
  readonly random: Random
}

type PartsOptions = Pick<GatewayOptions, 'uploads' | 'uploadBytes' | 'uploadPatienceMs'>

/** How an upload ended. */
export type Outcome = { readonly status: 'FINALIZED' | 'INVALID'; readonly receipt?: Receipt }

type Open = { readonly file: PartFile; cancel: Cancel }

const outcomeSuffix = '.outcome'
/** Outcomes remembered for those who ask again how it went. */
const outcomesMax = 1000
const idPattern = /^[\w-]{32}$/
/** Sockets bring 64 KiB at a time: so much goes to the disk in one write. */
const writeBytes = 512 * 1024

/**
 * Uploads in parts, which come in any order and at a time. A part that was answered is on the disk, and
 * so is how an upload ended: whoever uploads goes on after a restart of the node.
 */
export class PartUploads {
  readonly #deps: PartsDeps
  readonly #folder: string
  readonly #options: PartsOptions
  readonly #open = new Map<string, Open>()
  readonly #outcomes = new Map<string, Outcome>()

  private constructor(folder: string, deps: PartsDeps, options: PartsOptions) {
    this.#folder = folder
    this.#deps = deps
    this.#options = options
  }

  /** Takes up what an earlier run of the node left. */
  static async open(folder: string, deps: PartsDeps, options: PartsOptions): Promise<PartUploads> {
    const uploads = new PartUploads(folder, deps, options)
    await uploads.#load()
    return uploads
  }

  /** Begins one; its id is a secret between the node and the uploader. Throws `uploads-busy`. */
  async begin(): Promise<string> {
    const { disk, random } = this.#deps
    if (this.#open.size >= this.#options.uploads) throw uploadsBusy(this.#open.size)
    const id = encodeBase64Url(random.bytes(24))
    this.#add(id, await PartFile.open(disk, this.#folder, id))
    await disk.syncFolder(this.#folder)
    return id
  }

  /**
   * Takes bytes from `offset` on; durable when it resolves, with how many they were. Throws
   * `upload-unknown`, `upload-too-large`, `upload-scattered`.
   */
  async write(id: string, offset: number, source: AsyncIterable<Uint8Array>): Promise<number> {
    const upload = this.#find(id)
    upload.cancel()
    let at = offset
    try {
      for await (const pieces of gather(source, writeBytes)) {
        const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
        if (at + bytes > this.#options.uploadBytes) throw uploadTooLarge(this.#options.uploadBytes)
        await upload.file.write(pieces, at)
        at += bytes
      }
      if (at > offset) await upload.file.keep(id, { from: offset, to: at })
    } finally {
      upload.cancel()
      if (this.#open.get(id) === upload) upload.cancel = this.#giveUpLater(id)
    }
    return at - offset
  }

  /** Bytes of the upload if they are there without a gap. Throws `upload-incomplete`. */
  size(id: string): number {
    return this.#find(id).file.size(id)
  }

  read(id: string): AsyncGenerator<Uint8Array> {
    return this.#find(id).file.read(id)
  }

  has(id: string): boolean {
    return this.#open.has(id)
  }

  /** How it ended, where it did. */
  outcome(id: string): Outcome | undefined {
    return this.#outcomes.get(id)
  }

  /** Ends one: what was received goes, how it ended is remembered, across restarts too. */
  async end(id: string, outcome: Outcome): Promise<void> {
    const path = join(this.#folder, id + outcomeSuffix)
    await this.#deps.disk.replace(path, encodeText(JSON.stringify(outcome)))
    await this.#remember(id, outcome)
    await this.#remove(id)
  }

  async close(): Promise<void> {
    for (const [id, { file, cancel }] of this.#open) {
      this.#open.delete(id)
      cancel()
      await file.close()
    }
  }

  async #load(): Promise<void> {
    const { disk } = this.#deps
    await disk.makeFolder(this.#folder)
    const names = await disk.list(this.#folder)
    const idsOf = (suffix: string) =>
      names.flatMap((name) => (name.endsWith(suffix) ? name.slice(0, -suffix.length) : []))
    const ended = idsOf(outcomeSuffix).filter((id) => idPattern.test(id))
    for (const id of ended) await this.#loadOutcome(id)
    const going = idsOf(rangesSuffix).filter((id) => idPattern.test(id) && !ended.includes(id))
    const kept = new Set(ended.map((id) => id + outcomeSuffix))
    for (const id of going) for (const end of [dataSuffix, rangesSuffix]) kept.add(id + end)
    for (const name of names) if (!kept.has(name)) await disk.remove(join(this.#folder, name))
    for (const id of going) this.#add(id, await PartFile.open(disk, this.#folder, id))
  }

  async #loadOutcome(id: string): Promise<void> {
    const bytes = await this.#deps.disk.read(join(this.#folder, id + outcomeSuffix))
    // Written as one step by this node alone.
    if (bytes !== undefined) await this.#remember(id, JSON.parse(decodeText(bytes)) as Outcome)
  }

  async #remember(id: string, outcome: Outcome): Promise<void> {
    this.#outcomes.set(id, outcome)
    const [oldest] = this.#outcomes.keys()
    if (this.#outcomes.size <= outcomesMax || oldest === undefined) return
    this.#outcomes.delete(oldest)
    await this.#deps.disk.remove(join(this.#folder, oldest + outcomeSuffix))
  }

  /** Removes what was received. */
  async #remove(id: string): Promise<void> {
    const upload = this.#open.get(id)
    if (upload === undefined) return
    this.#open.delete(id)
    upload.cancel()
    await upload.file.close()
    for (const suffix of [rangesSuffix, dataSuffix]) {
      await this.#deps.disk.remove(join(this.#folder, id + suffix))
    }
  }

  #add(id: string, file: PartFile): void {
    this.#open.set(id, { file, cancel: this.#giveUpLater(id) })
  }

  #find(id: string): Open {
    const upload = this.#open.get(id)
    if (upload === undefined) throw uploadUnknown(id)
    return upload
  }

  #giveUpLater(id: string): Cancel {
    return this.#deps.timer.after(this.#options.uploadPatienceMs, () => {
      // A file that cannot be removed now is given up again after the next start.
      this.#remove(id).catch(() => {})
    })
  }
}

/** Pieces as they come, several at a time. */
async function* gather(source: AsyncIterable<Uint8Array>, bytes: number) {
  let pieces: Uint8Array[] = []
  let gathered = 0
  for await (const piece of source) {
    pieces.push(piece)
    gathered += piece.length
    if (gathered < bytes) continue
    yield pieces
    pieces = []
    gathered = 0
  }
  if (gathered > 0) yield pieces
}
