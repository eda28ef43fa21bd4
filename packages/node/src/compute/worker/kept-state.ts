import { type PackedCheckpoint, startPagesOf, unpackCheckpoint } from '../checkpoint/index.ts'
import { giveRoomBack } from '../guest/image/rooms.ts'
import type { Guest, GuestModule, MemoryImage } from '../guest/ports.ts'
import { type PackedBase, packBase, unpackBase } from './packed-base.ts'
import type { WorkMessage } from './protocol.ts'

/** A base is taken once evaluating since the last took this many times what taking one costs. */
const baseWorthCost = 20
/** Sooner where that keeps a replay as short as `promptMessages`, so that the first failure is cheap too. */
const promptWorthCost = 8
const promptMessages = 8
/** Where messages fail, a replay should not cost much more than taking a base does. */
const waryWorthCost = 3
/** Replaying fewer than these is cheap whatever a base costs, but for long ones. */
const fewMessages = 6
const longWorthCost = 100
/** Unpacking a checkpoint takes some so many times what taking a base does. */
const unpackWorthBases = 16
/** Good messages in a row after which a process that had a failure is like any other. */
const waryMessages = 256
/** Messages kept for replay: beyond this a base is taken whatever it costs. */
const sinceLengthMax = 1024 * 1024

/** A message and the way it was run in, see `GuestContext.mayRestart`: that way it ends again. */
export type KeptMessage = { readonly message: WorkMessage; readonly mayRestart: boolean }

type Base =
  | { readonly kind: 'checkpoint'; readonly checkpoint: PackedCheckpoint }
  | { readonly kind: 'packed'; readonly packed: PackedBase }
  /** Uncompressed, while messages come: taking it and going back to it is one copy of memory. */
  | {
      readonly kind: 'image'
      readonly image: MemoryImage
      /** The same state, where it came out of the store. */
      readonly checkpoint?: PackedCheckpoint | undefined
    }

/** A process out of the store: its state, and how long unpacking that took. */
type RestoredBase = {
  readonly image: MemoryImage
  readonly checkpoint: PackedCheckpoint
  readonly unpackMs: number
}

/**
 * An older state (the base) and the good messages since, which give the newest good state again,
 * bit for bit. How often a base is taken, and in what form, is a matter of time and memory only.
 */
export class KeptState {
  readonly #module: GuestModule
  readonly #memoryBytes: number
  #base: Base | undefined
  #since: KeptMessage[] = []
  #sinceLength = 0
  #sinceMs = 0
  #captureMs = 0
  /** Bases taken here. */
  #taken = 0
  #waryFor = 0

  constructor(module: GuestModule, memoryBytes: number, restored: RestoredBase | undefined) {
    this.#module = module
    this.#memoryBytes = memoryBytes
    if (restored === undefined) return
    const { image, checkpoint, unpackMs } = restored
    this.#base = { kind: 'image', image, checkpoint }
    this.#captureMs = unpackMs / unpackWorthBases
  }

  /** Good messages since the base, in order. */
  get since(): readonly KeptMessage[] {
    return this.#since
  }

  /** Nothing was evaluated yet. */
  get isEmpty(): boolean {
    return this.#base === undefined && this.#since.length === 0
  }

  /** The state that came out of the store, while it is the base. */
  get restoredImage(): MemoryImage | undefined {
    const base = this.#base
    return base?.kind === 'image' && base.checkpoint !== undefined ? base.image : undefined
  }

  /** What is kept, bytes. */
  get bytes(): number {
    return baseBytes(this.#base) + this.#sinceLength
  }

  keep(kept: KeptMessage, elapsedMs: number): void {
    this.#since.push(kept)
    this.#sinceLength += kept.message.json.length
    this.#sinceMs += elapsedMs
    if (this.#waryFor > 0) this.#waryFor--
  }

  /** A base is to be taken now. */
  get isDue(): boolean {
    if (this.#base === undefined || this.#sinceLength > sinceLengthMax) return true
    return this.#sinceMs >= this.#worthCost() * this.#captureMs
  }

  #worthCost(): number {
    const count = this.#since.length
    if (count < fewMessages) return longWorthCost
    // The first one had to make room, and says little of what the next costs.
    if (this.#taken === 1) return 0
    if (this.#waryFor > 0) return waryWorthCost
    const promptMs = (promptMessages * this.#sinceMs) / count
    return promptWorthCost * this.#captureMs <= promptMs ? promptWorthCost : baseWorthCost
  }

  /** Makes the guest's state the base; returns how many bytes its pages hold. */
  take(guest: Guest, elapsedMs: () => number): number {
    const startedMs = elapsedMs()
    const worn = this.#base?.kind === 'image' ? this.#base.image : undefined
    const image = guest.capture(worn)
    this.#base = { kind: 'image', image }
    const tookMs = elapsedMs() - startedMs
    this.#taken++
    // One that had to wait for a processor says little of the next.
    this.#captureMs = this.#taken > 1 ? Math.min(tookMs, 2 * this.#captureMs) : tookMs
    this.#since = []
    this.#sinceLength = 0
    this.#sinceMs = 0
    return image.pages.length
  }

  /** Makes the base small, once the process rests; tells whether there was anything to do. */
  pack(): boolean {
    if (this.#base?.kind !== 'image') return false
    const { image, checkpoint } = this.#base
    this.#base =
      checkpoint === undefined
        ? { kind: 'packed', packed: packBase(image, this.#module.start) }
        : { kind: 'checkpoint', checkpoint }
    giveRoomBack(image.pages)
    return true
  }

  /** Nothing is asked of it any more. */
  close(): void {
    if (this.#base?.kind === 'image') giveRoomBack(this.#base.image.pages)
    this.#base = undefined
  }

  /** A guest with the base's state: the same one where it can go back, else a new one. */
  async restore(guest: Guest): Promise<Guest> {
    this.#waryFor = waryMessages
    const image = this.#image()
    if (image !== undefined) {
      this.#base = { kind: 'image', image }
      if (guest.reset?.(image)) return guest
    }
    guest.close()
    return await this.#module.instantiate({ memoryBytes: this.#memoryBytes, image })
  }

  #image(): MemoryImage | undefined {
    const base = this.#base
    const { start } = this.#module
    if (base === undefined || base.kind === 'image') return base?.image
    if (base.kind === 'packed') return unpackBase(base.packed, start)
    return unpackCheckpoint(base.checkpoint, this.#memoryBytes, startPagesOf(start)).image
  }
}

function baseBytes(base: Base | undefined): number {
  if (base === undefined) return 0
  if (base.kind === 'packed') return base.packed.rest.length + base.packed.places.byteLength
  const imageBytes = base.kind === 'image' ? base.image.pages.length : 0
  const parts = base.checkpoint?.parts ?? []
  return parts.reduce((sum, { content }) => sum + content.length, imageBytes)
}
