import { toHex } from '@heddle/protocol/base'
import type { Cancel } from '../../runtime/index.ts'
import type { LaneHandler } from '../lane/lane.ts'
import { requestKinds } from '../wire/kinds.ts'
import { decodePutRows, encodePutRowsReply } from '../wire/put-rows.ts'
import { decodeGetStatus, encodeStatusReply } from '../wire/status.ts'
import { EpochPromises } from './epoch-promises.ts'
import { kindUnknown, storerBusy } from './errors.ts'
import { InFlight } from './in-flight.ts'
import { type RowIndex, rebuildIndex } from './index-of-rows.ts'
import { Intake } from './intake.ts'
import { type StorerOptions, storerDefaults } from './options.ts'
import type { StorerDeps } from './ports.ts'
import { Segments } from './segments.ts'
import { servedBytes, serveHeader, servePieces, serveRows } from './serve.ts'

type LaneAnswer = Awaited<ReturnType<LaneHandler>>

const toldMax = 1024

/**
 * Keeps rows: checks each on arrival, makes it durable, then signs for all it was drawn for, and
 * serves them until their time is over. One storer of a folder at a time.
 */
export class StorerRole {
  readonly #deps: StorerDeps
  readonly #options: StorerOptions
  readonly #segments: Segments
  readonly #index: RowIndex
  readonly #intake: Intake
  readonly #inFlight: InFlight
  readonly #cancelExpiry: Cancel[] = []
  readonly #working = new Set<Promise<unknown>>()
  /** Blobs whose damage was told: any reader may ask again. */
  readonly #told = new Set<string>()
  #isClosed = false

  private constructor(
    deps: StorerDeps,
    options: StorerOptions,
    segments: Segments,
    index: RowIndex,
    promises: EpochPromises,
  ) {
    this.#deps = deps
    this.#options = options
    this.#segments = segments
    this.#index = index
    this.#intake = new Intake(deps, options, { segments, index, promises })
    this.#inFlight = new InFlight(options)
    this.#scheduleExpiry()
  }

  static async open(deps: StorerDeps, given: Partial<StorerOptions> = {}): Promise<StorerRole> {
    const options = { ...storerDefaults, ...given }
    const { disk, clock } = deps.runtime
    const { segments, found } = await Segments.open(disk, deps.folder, options)
    const nowSeconds = Math.floor(clock.nowMs() / 1000)
    const until = nowSeconds + options.incompleteSeconds
    const index = await rebuildIndex(found, until, (name) => deps.onDamage?.(name))
    const promises = await EpochPromises.open(disk, `${deps.folder}/epochs`)
    return new StorerRole(deps, options, segments, index, promises)
  }

  /** Its BLS key. */
  get key(): Uint8Array {
    return this.#deps.signer.key
  }

  /** Answers a request; throws what the peer is to hear. */
  readonly handle: LaneHandler = async (kind, meta, body, peer) => {
    if (this.#isClosed) throw storerBusy()
    const answer = this.#answer(kind, meta, body, peer.publicKey)
    this.#working.add(answer)
    try {
      return await answer
    } finally {
      this.#working.delete(answer)
    }
  }

  /** Forgets what has expired and removes files nobody needs. Runs by itself every `expiryMs`. */
  async expire(): Promise<void> {
    this.#index.expire(this.#nowSeconds())
    await this.#segments.removeDead()
  }

  /** Ends what is under way and closes the files. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const cancel of this.#cancelExpiry) cancel()
    await Promise.allSettled(this.#working)
    await this.#segments.close()
  }

  async #answer(
    kind: number,
    meta: Uint8Array,
    body: Uint8Array,
    peer: string,
  ): Promise<LaneAnswer> {
    switch (kind) {
      case requestKinds.putRows: {
        const reply = await this.#inFlight.run(peer, body.length, () =>
          this.#intake.put(decodePutRows(meta, body)),
        )
        return { meta: encodePutRowsReply(reply), bodyParts: [] }
      }
      case requestKinds.getRows:
        return this.#inFlight.run(peer, servedBytes(this.#index, kind, meta), () =>
          serveRows(this.#index, meta),
        )
      case requestKinds.getPieces:
        return this.#inFlight.run(peer, servedBytes(this.#index, kind, meta), () =>
          servePieces(this.#index, this.#deps.engine, meta),
        )
      case requestKinds.getHeader:
        return this.#inFlight.run(peer, servedBytes(this.#index, kind, meta), () =>
          serveHeader(this.#index, meta, (commitment) => this.#tellOf(commitment)),
        )
      case requestKinds.getStatus:
        decodeGetStatus(meta)
        return { meta: this.#status(), bodyParts: [] }
      default:
        throw kindUnknown(kind)
    }
  }

  #tellOf(damaged: Uint8Array): void {
    const name = toHex(damaged)
    if (this.#told.has(name)) return
    if (this.#told.size >= toldMax) this.#told.clear()
    this.#told.add(name)
    this.#deps.onDamage?.(damaged)
  }

  #status(): Uint8Array {
    const { blobs, rows } = this.#index
    const { capacityBytes } = this.#options
    const heldBytes = this.#segments.sizeBytes
    return encodeStatusReply({ key: this.key, blobs, rows, heldBytes, capacityBytes })
  }

  #nowSeconds(): number {
    return Math.floor(this.#deps.runtime.clock.nowMs() / 1000)
  }

  #scheduleExpiry(): void {
    const { timer } = this.#deps.runtime
    const run = () => {
      const work = this.expire()
        // A file that cannot be removed now is tried again.
        .catch(() => undefined)
        .finally(() => {
          this.#working.delete(work)
          if (!this.#isClosed) this.#scheduleExpiry()
        })
      this.#working.add(work)
    }
    this.#cancelExpiry[0] = timer.after(this.#options.expiryMs, run)
  }
}
