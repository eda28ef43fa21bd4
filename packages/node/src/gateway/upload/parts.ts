import { join } from 'node:path'
import { decodeText, encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { type Cancel, type Disk, freeMemory, type Random, type Timer } from '../../runtime/index.ts'
import { uploadsBusy, uploadTooLarge, uploadUnknown } from '../errors.ts'
import type { GatewayOptions } from '../options.ts'
import { dataSuffix, PartFile, rangesSuffix } from './part-file.ts'
import type { Receipt } from './receipt.ts'
import { type Take, Taking } from './taking.ts'

export type PartsDeps = {
  readonly disk: Disk
  readonly timer: Timer
  readonly random: Random
}

type PartsOptions = Pick<
  GatewayOptions,
  'uploads' | 'uploadBytes' | 'uploadPatienceMs' | 'recordBytes'
>

/** How an upload ended. */
export type Outcome = { readonly status: 'FINALIZED' | 'INVALID'; readonly receipt?: Receipt }

type Open = { readonly file: PartFile; cancel: Cancel; taking?: Taking<Receipt> | undefined }

const outcomeSuffix = '.outcome'
/** Outcomes remembered for those who ask again how it went. */
const outcomesMax = 1000
const idPattern = /^[\w-]{32}$/
/** Uploads taken while their parts still come; each has some 5 MiB of memory. */
const takingsMax = 4
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
  /** Uploads whose files are being made. */
  #beginning = 0
  readonly #taker: Take<Receipt>

  private constructor(folder: string, deps: PartsDeps, options: PartsOptions, take: Take<Receipt>) {
    this.#folder = folder
    this.#deps = deps
    this.#options = options
    this.#taker = take
  }

  /** Takes up what an earlier run of the node left. `take` is what becomes of an upload. */
  static async open(
    folder: string,
    deps: PartsDeps,
    options: PartsOptions,
    take: Take<Receipt>,
  ): Promise<PartUploads> {
    const uploads = new PartUploads(folder, deps, options, take)
    await uploads.#load()
    return uploads
  }

  /** Begins one; its id is a secret between the node and the uploader. Throws `uploads-busy`. */
  async begin(): Promise<string> {
    const { disk, random } = this.#deps
    const open = this.#open.size + this.#beginning
    if (open >= this.#options.uploads) throw uploadsBusy(open)
    const id = encodeBase64Url(random.bytes(24))
    this.#beginning++
    try {
      this.#add(id, await PartFile.open(disk, this.#folder, id))
    } finally {
      this.#beginning--
    }
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
        upload.taking?.touch(at)
        for (const piece of pieces) freeMemory(piece)
        at += bytes
      }
      if (at > offset) await upload.file.keep(id, { from: offset, to: at })
      this.#takeAhead(id, upload)
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

  /** Takes what it is, now that all of it is there. Throws what is wrong with that. */
  async take(id: string, sizeBytes: number): Promise<Receipt> {
    const upload = this.#find(id)
    const taken = await upload.taking?.end(sizeBytes).finally(() => {
      upload.taking = undefined
    })
    return taken ?? this.#taker(upload.file.read(id), sizeBytes)
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
    for (const [id, { file, cancel, taking }] of this.#open) {
      this.#open.delete(id)
      cancel()
      await taking?.drop()
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
    await upload.taking?.drop()
    await upload.file.close()
    for (const suffix of [rangesSuffix, dataSuffix]) {
      await this.#deps.disk.remove(join(this.#folder, id + suffix))
    }
  }

  /** Goes on with taking it, or begins as soon as what is there is larger than a record. */
  #takeAhead(id: string, upload: Open): void {
    const { joinedBytes } = upload.file
    upload.taking?.reach(joinedBytes)
    if (upload.taking !== undefined || this.#open.get(id) !== upload) return
    if (joinedBytes <= this.#options.recordBytes) return
    const takings = [...this.#open.values()].filter(({ taking }) => taking !== undefined)
    if (takings.length < takingsMax) upload.taking = new Taking(id, upload.file, this.#taker)
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
