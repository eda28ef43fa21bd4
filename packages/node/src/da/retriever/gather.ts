import { encodeBase64Url } from '@heddle/protocol/base'
import {
  type RowSegment,
  type SegmentPieces,
  segmentPathOf,
  segmentStripes,
  verifyRowSegment,
} from '@heddle/protocol/certificate'
import { decodePiecesReply, encodeGetPieces } from '../wire/get-pieces.ts'
import { requestKinds } from '../wire/kinds.ts'
import { rowsMissing } from './errors.ts'
import { faultOf, type Health, type StorerFault } from './health.ts'
import { type Holder, late, type OpenBlob } from './open-blob.ts'
import type { RetrieverOptions } from './options.ts'
import type { RetrieverDeps } from './ports.ts'

/** Checked rows of one segment, and their memory to be used again once nobody looks any more. */
export type Gathered = {
  readonly rows: SegmentPieces
  /** The same rows with the paths that prove them. */
  readonly proven: readonly RowSegment[]
  release(): void
}

type Fetched = { readonly checked: RowSegment; release(): void }

export type GatherInput = {
  readonly deps: RetrieverDeps
  readonly health: Health
  readonly options: RetrieverOptions
  readonly blob: OpenBlob
  readonly segment: number
  /** Rows that make decoding needless; none: any k will do. */
  readonly needed: ReadonlySet<number>
  /** Who is not to be asked, e.g. the storer that repairs itself. */
  readonly except?: Uint8Array
  readonly onFault: (fault: StorerFault) => void
  readonly signal: AbortSignal
}

/**
 * Fetches one segment of either all needed rows or any k, whichever comes first, each checked on arrival.
 * Needed rows are asked for first; when one fails or is late, others are asked for in its place. Rejects
 * with `da-rows-missing`, which names who failed.
 */
export function gatherRows(input: GatherInput): Promise<Gathered> {
  return new Gathering(input).run()
}

class Gathering {
  readonly #input: GatherInput
  readonly #rows = new Map<number, RowSegment>()
  readonly #releases: (() => void)[] = []
  readonly #faults: StorerFault[] = []
  readonly #stop = new AbortController()
  readonly #disarm: (() => void)[] = []
  /** Not asked yet, best first. */
  readonly #line: Holder[]
  #running = 0
  /** Whether the needed rows alone are waited for, without any in reserve. */
  #isDirect: boolean
  /** Requests that were late and are not counted upon. */
  #late = 0
  #settle: { resolve(gathered: Gathered): void; reject(cause: unknown): void } | undefined

  constructor(input: GatherInput) {
    this.#input = input
    this.#line = lineUp(input)
    const { needed } = input
    const first = this.#line.slice(0, needed.size)
    this.#isDirect =
      needed.size > 0 && first.every((holder) => needed.has(holder.row) && this.#isSound(holder))
  }

  run(): Promise<Gathered> {
    const { signal, health, deps } = this.#input
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const onAbort = () => this.#end(() => reject(signal.reason))
      signal.addEventListener('abort', onAbort, { once: true })
      this.#disarm.push(() => signal.removeEventListener('abort', onAbort))
      this.#settle = { resolve, reject }
      const onLate = () => {
        this.#isDirect = false
        this.#late = this.#running
        this.#disarm.push(deps.timer.after(health.hedgeMs(), onLate))
        this.#advance()
      }
      this.#disarm.push(deps.timer.after(health.hedgeMs(), onLate))
      this.#advance()
    })
  }

  #isSound({ key }: Holder): boolean {
    return !this.#input.health.isSuspect(key)
  }

  #isDone(): boolean {
    const { needed, blob } = this.#input
    if (this.#rows.size >= blob.open.layout.k) return true
    if (needed.size === 0 || needed.size > this.#rows.size) return false
    return [...needed].every((row) => this.#rows.has(row))
  }

  #advance(): void {
    if (this.#stop.signal.aborted) return
    if (this.#isDone()) {
      const release = () => {
        for (const giveBack of this.#releases.splice(0)) giveBack()
      }
      const proven = [...this.#rows.values()]
      const rows = new Map(proven.map(({ row, pieces }) => [row, pieces]))
      this.#end(() => this.#settle?.resolve({ rows, proven, release }))
      return
    }
    const { needed, blob } = this.#input
    const goal = this.#isDirect ? needed.size : blob.open.layout.k
    const counted = () => this.#rows.size + Math.max(0, this.#running - this.#late)
    while (counted() < goal) {
      const holder = this.#line.shift()
      if (holder === undefined) break
      this.#ask(holder)
    }
    if (this.#running > 0 || this.#line.length > 0) return
    const name = encodeBase64Url(blob.commitment)
    const { segment } = this.#input
    const error = rowsMissing(name, segment, this.#rows.size, blob.open.layout.k, this.#faults)
    this.#end(() => this.#settle?.reject(error))
  }

  #end(settle: () => void): void {
    this.#stop.abort(new Error('enough'))
    for (const disarm of this.#disarm) disarm()
    settle()
  }

  #ask(holder: Holder): void {
    const { deps, health, options } = this.#input
    const startMs = deps.clock.elapsedMs()
    this.#running++
    const own: (() => void)[] = []
    const patience = late(deps.timer, options.askTimeoutMs, own)
    const done = () => {
      this.#running--
      this.#late = Math.min(this.#late, this.#running)
      for (const disarm of own) disarm()
    }
    this.#fetch(holder, AbortSignal.any([this.#stop.signal, patience])).then(
      ({ checked, release }) => {
        done()
        if (this.#stop.signal.aborted) return release()
        this.#releases.push(release)
        health.answered(holder.key, deps.clock.elapsedMs() - startMs)
        this.#rows.set(holder.row, checked)
        this.#advance()
      },
      (error) => {
        done()
        if (this.#stop.signal.aborted) return
        const isSlow = patience.aborted
        this.#fail(holder, error instanceof WrongRow ? error.why : error, isSlow)
      },
    )
  }

  #fail({ key, row }: Holder, cause: unknown, isSlow: boolean): void {
    const named = { storer: encodeBase64Url(key), row }
    const fault: StorerFault =
      typeof cause === 'string'
        ? { ...named, fault: 'wrong', why: cause }
        : isSlow
          ? { ...named, fault: 'slow', why: 'no answer in time' }
          : faultOf(key, cause, row)
    this.#faults.push(fault)
    this.#input.onFault(fault)
    this.#input.health.failed(key)
    this.#isDirect = false
    this.#advance()
  }

  async #fetch({ key, row }: Holder, signal: AbortSignal): Promise<Fetched> {
    const { deps, blob, segment } = this.#input
    const { commitment, open, engine } = blob
    const { fromStripe, count } = segmentStripes(open.layout, segment)
    const meta = encodeGetPieces({ commitment, row, fromStripe, count })
    const bytes = count * open.layout.pieceBytes
    const reply = await deps.lane.call(key, requestKinds.getPieces, meta, [], signal, bytes)
    // Late ones are not worth checking.
    signal.throwIfAborted()
    const { parameters } = blob.certificate
    const { rowPath, pieces } = decodePiecesReply(parameters, reply.meta, reply.body)
    const segmentPath = segmentPathOf(open.layout, segment, pieces[0]?.path ?? new Uint8Array(0))
    const own = pieces.map(({ piece }) => piece)
    const checked = { row, segment, rowPath, segmentPath, pieces: own }
    const fault = verifyRowSegment(engine, open, checked)
    if (fault !== undefined) throw new WrongRow(fault)
    const { release = () => {} } = reply
    return { checked, release }
  }
}

/** A row that came and is not the blob's. */
class WrongRow extends Error {
  readonly why: string

  constructor(why: string) {
    super(why)
    this.why = why
  }
}

/**
 * The order to ask in: storers that failed lately last; of the others needed rows, whoever has them (most
 * that did not sign were only later than the certificate); then rows of signers, data before parity,
 * which needs decoding; then the rest.
 */
function lineUp({ blob, needed, except, health }: GatherInput): Holder[] {
  const { k } = blob.open.layout
  const isExcept = ({ key }: Holder) =>
    except !== undefined && encodeBase64Url(key) === encodeBase64Url(except)
  const rank = ({ row, key, hasSigned }: Holder) => {
    const trouble = health.isSuspect(key) ? 4 : 0
    if (needed.has(row)) return trouble
    return trouble + (hasSigned ? (row < k ? 1 : 2) : 3)
  }
  return blob.holders
    .filter((holder) => !isExcept(holder))
    .map((holder) => ({ holder, rank: rank(holder) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ holder }) => holder)
}
