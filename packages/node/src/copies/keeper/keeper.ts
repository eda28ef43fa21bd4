import { assert, encodeBase64Url } from '@heddle/protocol/base'
import {
  type CopyRequest,
  copyLimits,
  copyPromiseDraft,
  keeperStatementDraft,
  openStatement,
  readCopyRelease,
  readCopyRequest,
} from '@heddle/protocol/copies'
import { createItem, type ItemDraft } from '@heddle/protocol/item'
import { permanentRetention } from '@heddle/protocol/params'
import {
  copiesBusy,
  copiesOff,
  copyChunkUnknown,
  copyDenied,
  copyDiffers,
  copyFull,
  copyLost,
  copyRequestInvalid,
  copyRequestStale,
  copyWithdrawn,
} from '../errors.ts'
import type { CopiesOptions } from '../options.ts'
import type { CopiesDeps, StoredChunk, StoredData } from '../ports.ts'
import type { Keeping, Kept } from '../state/keeping.ts'
import { splitRequest } from './split-request.ts'

type KeeperOptions = Pick<
  CopiesOptions,
  | 'placement'
  | 'keepBytes'
  | 'keepFor'
  | 'placerShare'
  | 'copiesAtOnce'
  | 'copyOverheadBytes'
  | 'requestAgeMs'
>

/** The side of a node that keeps copies for others. It never places copies of what it keeps. */
export class Keeper {
  readonly #deps: CopiesDeps
  readonly #options: KeeperOptions
  readonly #keeping: Keeping
  readonly #address: string
  /** Copies on their way in, or out, by placer and item. */
  readonly #busy = new Set<string>()
  #isTidied = false

  constructor(deps: CopiesDeps, options: KeeperOptions, keeping: Keeping) {
    this.#deps = deps
    this.#options = options
    this.#keeping = keeping
    this.#address = encodeBase64Url(deps.engine.sha256(deps.signer.owner))
  }

  /** What this node says of itself to a placer, signed. Throws `copies-off`. */
  async statement(placer: string, nonce: Uint8Array): Promise<Uint8Array> {
    const { placement, keepBytes } = this.#options
    if (keepBytes === 0) throw copiesOff()
    const freeBytes = this.#isKeptFor(placer) ? this.#freeBytes(placer) : 0
    return this.#sign(keeperStatementDraft({ placer, placement, freeBytes, nonce }))
  }

  /**
   * Takes a request with its data; resolves with the signed promise once all of it is durable and can be
   * proven. Throws `copies-off`, `copy-request-invalid`, `copy-request-stale`, `copy-denied`,
   * `copy-full`, `copies-busy`, `copy-differs`, `copy-withdrawn`, what the store and the gateway throw.
   */
  async take(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
    const { keepBytes, copiesAtOnce } = this.#options
    if (keepBytes === 0) throw copiesOff()
    if (this.#busy.size >= copiesAtOnce) throw copiesBusy(copiesAtOnce)
    const { statement, data, close } = await splitRequest(stream)
    try {
      const request = await this.#admit(statement)
      await this.#alone(request, () => this.#store(request, data))
      return await this.#sign(copyPromiseDraft(request))
    } finally {
      await close()
    }
  }

  /** Ends what a placer asked for; nothing where it is ended. Throws `copy-request-invalid`, `copies-busy`. */
  async release(statement: Uint8Array): Promise<void> {
    const { engine, runtime } = this.#deps
    const item = await openStatement(statement, copyLimits.statementBytes, engine)
    const release = item && readCopyRelease(item, engine)
    if (release?.keeper !== this.#address) {
      throw copyRequestInvalid('this is no signed release of a copy that is kept here')
    }
    const { placer, request } = release
    const kept = this.#keeping.byRequest(placer, request)
    // Who may not place has nothing under way; what it had placed while it could, it may end.
    if (this.#isKeptFor(placer)) this.#keeping.withdraw(request, runtime.clock.nowMs())
    if (kept === undefined) return
    // The list last: a crash in between leaves what the placer, unanswered, releases again.
    await this.#alone(kept, async () => {
      await this.#letGo(kept, kept)
      this.#keeping.remove(kept)
    })
  }

  /** A chunk of a copy, with its path. Throws `copy-chunk-unknown`, what the store throws. */
  async chunk(data: StoredData, offset: number): Promise<StoredChunk> {
    const chunk = this.#keeping.has(data) ? await this.#deps.store.chunk(data, offset) : undefined
    if (chunk === undefined) throw copyChunkUnknown(data.dataRoot, offset)
    return chunk
  }

  /** What is kept for others, and what that counts. */
  kept(): { readonly kept: number; readonly keptBytes: number } {
    const { copies, bytes } = this.#keeping.sum()
    return { kept: copies, keptBytes: bytes + copies * this.#options.copyOverheadBytes }
  }

  /** Forgets what has run out, which the store's collector takes, and what a crash left half done. */
  async tidy(): Promise<void> {
    const nowMs = this.#deps.runtime.clock.nowMs()
    // A request signed as far ahead as is taken, and withdrawn at once, is stale by then.
    this.#keeping.prune(nowMs, nowMs - 3 * this.#options.requestAgeMs)
    if (this.#isTidied) return
    this.#isTidied = true
    for (const kept of this.#keeping.unfinished()) {
      // What is being taken in by now is not of before.
      if (this.#busy.has(keyOf(kept))) continue
      await this.#alone(kept, async () => {
        await this.#letGo(kept, kept)
        this.#keeping.remove(kept)
      })
    }
  }

  /** The request, if it is one that may be taken. */
  async #admit(statement: Uint8Array): Promise<CopyRequest> {
    const { engine, runtime } = this.#deps
    const item = await openStatement(statement, copyLimits.requestBytes, engine)
    const request = item && readCopyRequest(item, engine)
    if (request?.keeper !== this.#address) {
      throw copyRequestInvalid(`this is no signed request to ${this.#address} to keep a copy`)
    }
    const nowMs = runtime.clock.nowMs()
    const { timeMs, untilMs, placer } = request
    if (Math.abs(timeMs - nowMs) > this.#options.requestAgeMs) throw copyRequestStale(timeMs, nowMs)
    if (untilMs !== undefined && untilMs <= nowMs) throw copyRequestInvalid('its time is over')
    if (!this.#isKeptFor(placer)) throw copyDenied(placer)
    if (this.#keeping.isWithdrawn(request.request)) throw copyWithdrawn(request.request)
    return request
  }

  /** Noted first, so that whatever happens after can be undone: by this, by a start, by the placer. */
  async #store(request: CopyRequest, source: AsyncIterable<Uint8Array>): Promise<void> {
    const { store, items, runtime } = this.#deps
    const { dataRoot, sizeBytes, placer, item, header } = request
    const before = this.#keeping.find(placer, item)
    // In one step with the note, so that many at a time do not take what is left for one.
    const freeBytes = this.#freeBytes(placer) + (before === undefined ? 0 : this.#cost(before))
    if (this.#cost(request) > freeBytes) throw copyFull(this.#cost(request), freeBytes)
    const nowMs = runtime.clock.nowMs()
    this.#keeping.add(request, nowMs)
    let written: StoredData | undefined
    try {
      const { sha384, ...data } = await store.write(source, { sizeBytes, sha384: true })
      written = data
      assert(sha384 !== undefined, 'the store tells the digest it was asked for')
      if (data.dataRoot !== dataRoot) throw copyDiffers(dataRoot, data.dataRoot)
      await this.#hold(request)
      if (!(await store.held(data)).complete) throw copyLost(dataRoot)
      await items.keepCopy({ id: item, header, data, sha384 })
      if (this.#keeping.isWithdrawn(request.request)) throw copyWithdrawn(request.request)
      this.#keeping.finish(request.request)
    } catch (error) {
      // What an earlier request was promised stays.
      if (before === undefined) this.#keeping.remove(request)
      else {
        this.#keeping.add(before, nowMs)
        await this.#hold(before)
      }
      if (written !== undefined && written.dataRoot !== before?.dataRoot) {
        await this.#letGo(written, request)
      }
      throw error
    }
  }

  /** Runs what changes a copy while nothing else does. Throws `copies-busy`. */
  async #alone(copy: Pick<Kept, 'placer' | 'item'>, run: () => Promise<void>): Promise<void> {
    const key = keyOf(copy)
    if (this.#busy.has(key)) throw copiesBusy(1)
    this.#busy.add(key)
    try {
      await run()
    } finally {
      this.#busy.delete(key)
    }
  }

  #hold(copy: Kept): Promise<void> {
    const { dataRoot, sizeBytes, untilMs } = copy
    const until = untilMs === undefined ? {} : { untilMs }
    const retention = { ...permanentRetention, ...until }
    return this.#deps.store.hold({ dataRoot, sizeBytes }, holderOf(copy), retention)
  }

  /** Data that a hold was never written for stays for days: so it gets one, long over, and loses it. */
  async #letGo(data: StoredData, copy: Pick<Kept, 'placer' | 'item'>): Promise<void> {
    const { store } = this.#deps
    const { dataRoot, sizeBytes } = data
    await store.hold({ dataRoot, sizeBytes }, holderOf(copy), { ...permanentRetention, untilMs: 0 })
    await store.release({ dataRoot, sizeBytes }, holderOf(copy))
  }

  #isKeptFor(placer: string): boolean {
    const { keepFor } = this.#options
    return keepFor === 'anyone' || keepFor.includes(placer)
  }

  #cost({ sizeBytes }: Pick<StoredData, 'sizeBytes'>): number {
    return sizeBytes + this.#options.copyOverheadBytes
  }

  /** What is left for a placer: of all, and of its share. */
  #freeBytes(placer: string): number {
    const { keepBytes, keepFor, placerShare, copyOverheadBytes } = this.#options
    const used = (whose?: string) => {
      const { copies, bytes } = this.#keeping.sum(whose)
      return bytes + copies * copyOverheadBytes
    }
    const isAlone = keepFor !== 'anyone' && keepFor.length === 1
    const share = isAlone ? keepBytes : Math.floor(keepBytes * placerShare)
    return Math.max(0, Math.min(keepBytes - used(), share - used(placer)))
  }

  async #sign(draft: ItemDraft): Promise<Uint8Array> {
    const { signer, engine } = this.#deps
    return (await createItem(draft, signer, engine)).bytes
  }
}

/** Under which name a copy is held in the store. */
function holderOf({ placer, item }: Pick<Kept, 'placer' | 'item'>): string {
  return `copy ${placer} ${item}`
}

function keyOf({ placer, item }: Pick<Kept, 'placer' | 'item'>): string {
  return `${placer} ${item}`
}
