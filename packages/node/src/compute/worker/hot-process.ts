import {
  decodeBase64Url,
  encodeText,
  errorMessage,
  isHeddleError,
  isId,
} from '@heddle/protocol/base'
import { digestResult } from '@heddle/protocol/digest'
import { errorResult, type Result, readReply, writeResult } from '@heddle/protocol/message'
import { type Clock, nodeCrypto } from '../../runtime/index.ts'
import {
  type CheckpointDelta,
  type PackedCheckpoint,
  type StoredAt,
  StoredPages,
  type Unpacked,
  unpackCheckpoint,
} from '../checkpoint/index.ts'
import { replayDiverged } from '../errors.ts'
import { decodeImage, encodeImage } from '../guest/image.ts'
import type { Guest, GuestContext, GuestModule, MemoryImage } from '../guest/ports.ts'
import type { CapturedState, OpenProcess, Outcome, WorkMessage } from './protocol.ts'
import { beginWatch, endWatch, leaveIfAsked } from './watch.ts'

/** A base is taken once evaluating since the last took this many times what taking one costs. */
const baseWorthCost = 20
/** Messages kept for replay: beyond this a base is taken whatever it costs. */
const sinceLengthMax = 1024 * 1024

type HotSettings = Pick<
  OpenProcess,
  'processId' | 'number' | 'memoryBytes' | 'environment' | 'nextSlot' | 'checkpoint' | 'unprovenFor'
>

/**
 * One live process. There is no copy of its memory: it keeps an older state (the base) and the good
 * messages since, which give the newest good state again, bit for bit, when a message fails.
 */
export class HotProcess {
  readonly #module: GuestModule
  readonly #settings: HotSettings
  readonly #clock: Clock
  readonly #cells: Int32Array
  #guest: Guest
  #nextSlot: number
  readonly #stored: StoredPages
  /** An image, or the checkpoint the process came from, until another base is taken. */
  #base: Uint8Array | PackedCheckpoint | undefined
  #since: WorkMessage[] = []
  #sinceLength = 0
  #sinceMs = 0
  #captureMs = 0
  #unsavedMs = 0
  #stateBytes = 0

  private constructor(
    module: GuestModule,
    settings: HotSettings,
    { guest, restored }: { readonly guest: Guest; readonly restored: Unpacked | undefined },
    clock: Clock,
    cells: Int32Array,
  ) {
    this.#module = module
    this.#settings = settings
    this.#guest = guest
    this.#clock = clock
    this.#cells = cells
    this.#nextSlot = settings.nextSlot
    this.#stored = new StoredPages(restored?.stored)
    this.#base = settings.checkpoint
    this.#stateBytes = restored?.image.pages.length ?? 0
  }

  static async open(
    module: GuestModule,
    settings: HotSettings,
    clock: Clock,
    cells: Int32Array,
  ): Promise<HotProcess> {
    const { memoryBytes, checkpoint, number, unprovenFor } = settings
    const restored = checkpoint && unpackCheckpoint(checkpoint, memoryBytes)
    if (unprovenFor !== undefined) beginWatch(cells, number, unprovenFor)
    const guest = await instantiate(module, memoryBytes, restored?.image).finally(() => {
      if (unprovenFor !== undefined) endWatch(cells)
    })
    return new HotProcess(module, settings, { guest, restored }, clock, cells)
  }

  /** Evaluates one message. Where it fails, memory is as if it never was when this resolves. */
  async evaluate(message: WorkMessage): Promise<Outcome> {
    const startedMs = this.#clock.elapsedMs()
    const { json, failed, digest, entered } = this.#runWatched(message)
    if (!failed) this.#keep(message, this.#clock.elapsedMs() - startedMs)
    else if (entered) await this.#restore()
    this.#nextSlot = message.slot + 1
    if (!failed && this.#baseIsDue()) this.#takeBase()
    return { slot: message.slot, failed, json, digest }
  }

  /** Runs a message again that succeeded before. Throws `replay-diverged` where it does not now. */
  replay(message: WorkMessage): void {
    const startedMs = this.#clock.elapsedMs()
    this.#runAgain(message)
    this.#keep(message, this.#clock.elapsedMs() - startedMs)
    this.#nextSlot = message.slot + 1
    if (this.#baseIsDue()) this.#takeBase()
  }

  /** Bytes of memory pages in use when the base was taken. */
  get stateBytes(): number {
    return this.#stateBytes
  }

  /** The state now; becomes the base, so that it costs nothing twice. */
  capture(): CapturedState {
    const base = this.#base
    const isCurrent = base instanceof Uint8Array && this.#since.length === 0
    return { nextSlot: this.#nextSlot, image: isCurrent ? base : this.#takeBaseIfAny() }
  }

  /** The state now, as it goes to the store; undefined where nothing was evaluated yet. */
  checkpoint(): CheckpointDelta | undefined {
    if (this.#base === undefined && this.#since.length === 0) return undefined
    this.#unsavedMs = 0
    return this.#stored.pack(this.#guest.capture(), this.#nextSlot)
  }

  /** The state now if more than `afterMs` of evaluation would be lost without it. */
  checkpointDue(afterMs: number): CheckpointDelta | undefined {
    return this.#unsavedMs < afterMs ? undefined : this.checkpoint()
  }

  confirmCheckpoint(nextSlot: number, at: StoredAt): void {
    this.#stored.confirm(nextSlot, at)
  }

  close(): void {
    this.#guest.close()
  }

  #runWatched(message: WorkMessage): GuestRun {
    beginWatch(this.#cells, this.#settings.number, message.slot)
    try {
      return runGuest(this.#guest, message, this.#settings.environment)
    } finally {
      endWatch(this.#cells)
    }
  }

  #keep(message: WorkMessage, elapsedMs: number): void {
    this.#since.push(message)
    this.#sinceLength += message.json.length
    this.#sinceMs += elapsedMs
    this.#unsavedMs += elapsedMs
  }

  #baseIsDue(): boolean {
    const worth = this.#sinceMs >= baseWorthCost * this.#captureMs
    return this.#base === undefined || worth || this.#sinceLength > sinceLengthMax
  }

  #takeBaseIfAny(): Uint8Array | undefined {
    return this.#base === undefined && this.#since.length === 0 ? undefined : this.#takeBase()
  }

  #takeBase(): Uint8Array {
    const startedMs = this.#clock.elapsedMs()
    const image = this.#guest.capture()
    const base = encodeImage(image)
    this.#base = base
    this.#stateBytes = image.pages.length
    this.#captureMs = this.#clock.elapsedMs() - startedMs
    this.#since = []
    this.#sinceLength = 0
    this.#sinceMs = 0
    return base
  }

  /**
   * Back to the newest good state. A new base is taken at once, so that each failure in a row of
   * them costs one restore and no replay.
   */
  async #restore(): Promise<void> {
    this.#guest.close()
    this.#guest = await instantiate(this.#module, this.#settings.memoryBytes, this.#base)
    for (const message of this.#since) this.#runAgain(message)
    if (this.#since.length > 0) this.#takeBase()
  }

  #runAgain(message: WorkMessage): void {
    const { environment, processId } = this.#settings
    leaveIfAsked(this.#cells)
    const { json, failed } = runGuest(this.#guest, message, environment)
    if (failed) throw replayDiverged(processId, message.slot, json.slice(0, 200))
  }
}

export async function instantiate(
  module: GuestModule,
  memoryBytes: number,
  state: Uint8Array | PackedCheckpoint | MemoryImage | undefined,
): Promise<Guest> {
  return await module.instantiate({ memoryBytes, image: imageOf(state, memoryBytes) })
}

function imageOf(
  state: Uint8Array | PackedCheckpoint | MemoryImage | undefined,
  memoryBytes: number,
): MemoryImage | undefined {
  if (state instanceof Uint8Array) return decodeImage(state, memoryBytes)
  if (state === undefined || 'pages' in state) return state
  return unpackCheckpoint(state, memoryBytes).image
}

/** `entered`: the guest ran, so its memory may have changed. */
type GuestRun = {
  readonly json: string
  readonly failed: boolean
  readonly digest: Uint8Array
  readonly entered: boolean
}

/**
 * One call of `handle`, read into a result. What the guest does wrong is a failed message; what
 * this
 * machine cannot do (`unavailable`, `internal`) is thrown, as nothing follows from it for the
 * message.
 */
export function runGuest(guest: Guest, message: WorkMessage, environment: string): GuestRun {
  try {
    const reply = guest.handle(message.json, environment, contextOf(message))
    return { ...digested(metered(readReply(reply), guest)), entered: true }
  } catch (error) {
    if (!isGuestsFault(error)) throw error
    const result = digested(errorResult(errorMessage(error), '', guest.gasUsed?.() ?? 0))
    return { ...result, entered: !isHeddleError(error, 'guest-message-too-large') }
  }
}

/** Where gas is counted, the count goes before what the module says. */
function metered(result: Result, guest: Guest): Result {
  const gasUsed = guest.gasUsed?.()
  return gasUsed === undefined ? result : { ...result, GasUsed: gasUsed }
}

/** Throws `result-too-deep` before anything recurses without bounds. */
function digested(result: Result): Omit<GuestRun, 'entered'> {
  const digest = digestResult(result, nodeCrypto)
  const written = writeResult(result)
  // One that is too large is kept as another result.
  const isKept = written.failed === (result.Error !== undefined)
  return {
    ...written,
    digest: isKept ? digest : digestResult(JSON.parse(written.json), nodeCrypto),
  }
}

function isGuestsFault(error: unknown): boolean {
  return isHeddleError(error) && (error.kind === 'invalid' || error.kind === 'exhausted')
}

/** The seed is the message id; a dry-run may name its message as it likes. */
function contextOf(message: WorkMessage): GuestContext {
  const named = isId(message.id) ? decodeBase64Url(message.id) : undefined
  const seed = named ?? nodeCrypto.sha256(encodeText(message.id))
  return { timestampMs: message.timestampMs, seed }
}
