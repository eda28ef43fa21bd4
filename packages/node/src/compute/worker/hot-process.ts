import {
  decodeBase64Url,
  encodeText,
  errorMessage,
  isHeddleError,
  isId,
} from '@heddle/protocol/base'
import { errorResult, readReply, writeResult } from '@heddle/protocol/message'
import { type Clock, nodeCrypto } from '../../runtime/index.ts'
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
  'processId' | 'number' | 'memoryBytes' | 'environment' | 'nextSlot' | 'image' | 'unprovenFor'
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
  #base: Uint8Array | undefined
  #since: WorkMessage[] = []
  #sinceLength = 0
  #sinceMs = 0
  #captureMs = 0
  #unsavedMs = 0
  #stateBytes = 0

  private constructor(
    module: GuestModule,
    settings: HotSettings,
    guest: Guest,
    clock: Clock,
    cells: Int32Array,
  ) {
    this.#module = module
    this.#settings = settings
    this.#guest = guest
    this.#clock = clock
    this.#cells = cells
    this.#nextSlot = settings.nextSlot
    this.#base = settings.image
  }

  static async open(
    module: GuestModule,
    settings: HotSettings,
    clock: Clock,
    cells: Int32Array,
  ): Promise<HotProcess> {
    const { memoryBytes, image, number, unprovenFor } = settings
    if (unprovenFor !== undefined) beginWatch(cells, number, unprovenFor)
    const guest = await instantiate(module, memoryBytes, image).finally(() => {
      if (unprovenFor !== undefined) endWatch(cells)
    })
    return new HotProcess(module, settings, guest, clock, cells)
  }

  /** Evaluates one message. Where it fails, memory is as if it never was when this resolves. */
  async evaluate(message: WorkMessage): Promise<Outcome> {
    const startedMs = this.#clock.elapsedMs()
    const { json, failed, entered } = this.#runWatched(message)
    if (!failed) this.#keep(message, this.#clock.elapsedMs() - startedMs)
    else if (entered) await this.#restore()
    this.#nextSlot = message.slot + 1
    if (!failed && this.#baseIsDue()) this.#takeBase()
    return { slot: message.slot, failed, json }
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
    if (this.#since.length > 0) this.#takeBase()
    return { nextSlot: this.#nextSlot, image: this.#base }
  }

  /** The state now if more than `afterMs` of evaluation would be lost without it. */
  checkpointDue(afterMs: number): CapturedState | undefined {
    if (this.#unsavedMs < afterMs) return undefined
    this.#unsavedMs = 0
    return this.capture()
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

  #takeBase(): void {
    const startedMs = this.#clock.elapsedMs()
    const image = this.#guest.capture()
    this.#base = encodeImage(image)
    this.#stateBytes = image.pages.length
    this.#captureMs = this.#clock.elapsedMs() - startedMs
    this.#since = []
    this.#sinceLength = 0
    this.#sinceMs = 0
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
  image: Uint8Array | MemoryImage | undefined,
): Promise<Guest> {
  if (image === undefined) return await module.instantiate({ memoryBytes })
  const decoded = image instanceof Uint8Array ? decodeImage(image, memoryBytes) : image
  return await module.instantiate({ memoryBytes, image: decoded })
}

/** `entered`: the guest ran, so its memory may have changed. */
type GuestRun = {
  readonly json: string
  readonly failed: boolean
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
    return { ...writeResult(readReply(reply)), entered: true }
  } catch (error) {
    if (!isGuestsFault(error)) throw error
    const result = writeResult(errorResult(errorMessage(error)))
    return { ...result, entered: !isHeddleError(error, 'guest-message-too-large') }
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
