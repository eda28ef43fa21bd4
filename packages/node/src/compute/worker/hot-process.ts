import { isHeddleError } from '@heddle/protocol/base'
import type { Result } from '@heddle/protocol/message'
import type { Clock } from '../../runtime/index.ts'
import {
  type CheckpointDelta,
  type RestoredState,
  type StoredAt,
  StoredPages,
  startPagesOf,
  unpackCheckpoint,
} from '../checkpoint/index.ts'
import { replayDiverged } from '../errors.ts'
import { giveRoomBack } from '../guest/image/rooms.ts'
import { encodeImage } from '../guest/image.ts'
import type { Guest, GuestModule, MemoryImage } from '../guest/ports.ts'
import { type KeptMessage, KeptState } from './kept-state.ts'
import type { CapturedState, Footprint, OpenProcess, Outcome, WorkMessage } from './protocol.ts'
import { type GuestRun, runGuest } from './run-guest.ts'
import { beginWatch, endWatch, leaveIfAsked } from './watch.ts'

/**
 * What an instance costs beside its pages, its messages and its base: pages it wrote and cleared, code and
 * tables of its own. Measured as what resident memory grows by with each live `js` actor.
 */
const instanceBytes = 448 * 1024
/** What remembering one stored page costs. */
const rememberedPageBytes = 160

/** Of an error, for those who watch the process. */
const shownErrorLength = 200

/** Who opened a file probably opens another soon: so many messages run in the way that can. */
const suspendingSlots = 64

type HotSettings = Pick<
  OpenProcess,
  'processId' | 'number' | 'memoryBytes' | 'environment' | 'nextSlot' | 'checkpoint' | 'unprovenFor'
>

type HotParts = {
  readonly guest: Guest
  readonly stateBytes: number
  readonly stored: StoredPages
  readonly restored: RestoredPages | undefined
  readonly kept: KeptState
}

/** Of the state that came out of the store; its image is what is kept. */
type RestoredPages = Pick<RestoredState, 'digests' | 'places'>

/**
 * One live process. There is no copy of its memory: where a message fails, what is kept (an older
 * state and the good messages since) gives the newest good state again.
 */
export class HotProcess {
  readonly #settings: HotSettings
  readonly #clock: Clock
  readonly #cells: Int32Array
  readonly #kept: KeptState
  readonly #stored: StoredPages
  readonly #restored: RestoredPages | undefined
  #guest: Guest
  #nextSlot: number
  /** Slots below it are in the newest good state, and in the newest state in the store. */
  #goodSlot: number
  #savedSlot: number
  #unsavedMs = 0
  #suspendsUntilSlot = 0
  #stateBytes: number
  /** Length of the memory when `stateBytes` was counted. */
  #countedLength: number

  private constructor(
    settings: HotSettings,
    { guest, stateBytes, stored, restored, kept }: HotParts,
    clock: Clock,
    cells: Int32Array,
  ) {
    const { checkpoint, nextSlot } = settings
    this.#settings = settings
    this.#clock = clock
    this.#cells = cells
    this.#kept = kept
    this.#stored = stored
    this.#restored = restored
    this.#guest = guest
    this.#nextSlot = nextSlot
    this.#goodSlot = nextSlot
    this.#savedSlot = checkpoint === undefined ? -1 : nextSlot
    this.#stateBytes = stateBytes
    this.#countedLength = guest.memory().length
  }

  static async open(
    module: GuestModule,
    settings: HotSettings,
    clock: Clock,
    cells: Int32Array,
  ): Promise<HotProcess> {
    const { memoryBytes, checkpoint, number, unprovenFor } = settings
    const start = startPagesOf(module.start)
    const startedMs = clock.elapsedMs()
    const restored = checkpoint && unpackCheckpoint(checkpoint, memoryBytes, start)
    const unpackMs = clock.elapsedMs() - startedMs
    const image = restored?.image
    const base = checkpoint && image && { image, checkpoint, unpackMs }
    if (unprovenFor !== undefined) beginWatch(cells, number, unprovenFor)
    const guest = await module.instantiate({ memoryBytes, image }).finally(() => {
      if (unprovenFor !== undefined) endWatch(cells)
    })
    const stateBytes = (image ?? module.start)?.pages.length ?? guest.memory().length
    const stored = new StoredPages(restored?.stored, start)
    const kept = new KeptState(module, memoryBytes, base)
    const pages = restored && {
      digests: restored.restored.digests,
      places: restored.restored.places,
    }
    const parts = { guest, stateBytes, stored, restored: pages, kept }
    return new HotProcess(settings, parts, clock, cells)
  }

  /** Evaluates one message. Where it fails, memory is as if it never was when this resolves. */
  async evaluate(message: WorkMessage): Promise<Outcome> {
    const startedMs = this.#clock.elapsedMs()
    const { run, mayRestart } = await this.#run(message, (way) => this.#runWatched(message, way))
    const { json, failed, digest, entered, gasUsed } = run
    if (!failed) this.#keep({ message, mayRestart }, this.#clock.elapsedMs() - startedMs)
    else if (entered) await this.#restore()
    this.#nextSlot = message.slot + 1
    const elapsedMs = this.#clock.elapsedMs() - startedMs
    const error = failed ? shownError(json) : undefined
    return { slot: message.slot, failed, error, json, digest, gasUsed, elapsedMs }
  }

  /** Runs a message again that succeeded before. Throws `replay-diverged` where it does not now. */
  async replay(message: WorkMessage): Promise<void> {
    const startedMs = this.#clock.elapsedMs()
    const { mayRestart } = await this.#run(message, (way) => this.#runAgain(message, way))
    this.#keep({ message, mayRestart }, this.#clock.elapsedMs() - startedMs)
    this.#nextSlot = message.slot + 1
  }

  /** What the process holds now, as near as is known without looking at all its memory. */
  footprint(): Footprint {
    // Memory that was grown since the last count is taken to be in use.
    const grown = Math.max(0, this.#guest.memory().length - this.#countedLength)
    const stateBytes = this.#stateBytes + grown
    const remembered = this.#stored.remembered * rememberedPageBytes
    const besides = instanceBytes + this.#settings.environment.length + remembered
    return { stateBytes, memoryBytes: stateBytes + this.#kept.bytes + besides }
  }

  /** The state now, whole. */
  capture(): CapturedState {
    const nextSlot = this.#nextSlot
    if (this.#kept.isEmpty) return { nextSlot, image: undefined }
    const captured = this.#captured()
    const image = encodeImage(captured)
    giveRoomBack(captured.pages)
    return { nextSlot, image }
  }

  /** The state now, as it goes to the store; undefined where nothing was evaluated yet. */
  checkpoint(): CheckpointDelta | undefined {
    if (this.#kept.isEmpty) return undefined
    this.#unsavedMs = 0
    const image = this.#kept.restoredImage
    const restored = image && this.#restored && { image, ...this.#restored }
    const captured = this.#captured()
    const delta = this.#stored.pack(captured, this.#nextSlot, restored)
    giveRoomBack(captured.pages)
    return delta
  }

  /** The same before the process goes to sleep; undefined too where the store has that state. */
  lastCheckpoint(): CheckpointDelta | undefined {
    return this.#savedSlot >= this.#goodSlot ? undefined : this.checkpoint()
  }

  /** The state now if more than `afterMs` of evaluation would be lost without it. */
  checkpointDue(afterMs: number): CheckpointDelta | undefined {
    return this.#unsavedMs < afterMs ? undefined : this.checkpoint()
  }

  /** Makes what is kept small; tells whether there was anything to do. */
  rest(): boolean {
    return this.#kept.pack()
  }

  confirmCheckpoint(nextSlot: number, at: StoredAt): void {
    this.#stored.confirm(nextSlot, at)
    this.#savedSlot = Math.max(this.#savedSlot, nextSlot)
  }

  close(): void {
    this.#guest.close()
    this.#kept.close()
  }

  /** Runs a message in the quick way; where it must suspend, brings the state back, then in the other. */
  async #run<Run>(message: WorkMessage, run: (mayRestart: boolean) => Run) {
    // The first message of a process has no state to go back to.
    const mayRestart = !this.#kept.isEmpty && message.slot >= this.#suspendsUntilSlot
    try {
      return { run: run(mayRestart), mayRestart }
    } catch (error) {
      if (!isHeddleError(error, 'guest-must-suspend')) throw error
      this.#suspendsUntilSlot = message.slot + suspendingSlots
      await this.#backToGood()
      return { run: run(false), mayRestart: false }
    }
  }

  #runWatched(message: WorkMessage, mayRestart: boolean): GuestRun {
    beginWatch(this.#cells, this.#settings.number, message.slot)
    try {
      return runGuest(this.#guest, message, this.#settings.environment, { mayRestart })
    } finally {
      endWatch(this.#cells)
    }
  }

  #keep(kept: KeptMessage, elapsedMs: number): void {
    this.#kept.keep(kept, elapsedMs)
    this.#unsavedMs += elapsedMs
    this.#goodSlot = kept.message.slot + 1
    if (this.#kept.isDue) this.#takeBase()
  }

  #takeBase(): void {
    this.#counted(this.#kept.take(this.#guest, () => this.#clock.elapsedMs()))
  }

  #captured(): MemoryImage {
    const image = this.#guest.capture()
    this.#counted(image.pages.length)
    return image
  }

  #counted(stateBytes: number): void {
    this.#stateBytes = stateBytes
    this.#countedLength = this.#guest.memory().length
  }

  /**
   * Back to the newest good state. A new base is taken at once, so that each failure in a row of
   * them costs one restore and no replay.
   */
  async #restore(): Promise<void> {
    const replayed = await this.#backToGood()
    if (replayed > 0) this.#takeBase()
  }

  async #backToGood(): Promise<number> {
    this.#guest = await this.#kept.restore(this.#guest)
    const { since } = this.#kept
    for (const { message, mayRestart } of since) this.#runAgain(message, mayRestart)
    return since.length
  }

  #runAgain(message: WorkMessage, mayRestart: boolean): void {
    const { environment, processId } = this.#settings
    leaveIfAsked(this.#cells)
    const { json, failed } = runGuest(this.#guest, message, environment, { mayRestart })
    if (failed) throw replayDiverged(processId, message.slot, json.slice(0, 200))
  }
}

function shownError(json: string): string | undefined {
  return (JSON.parse(json) as Result).Error?.slice(0, shownErrorLength)
}
