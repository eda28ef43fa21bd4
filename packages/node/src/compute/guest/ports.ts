/**
 * What a module looks like from outside its sandbox, whatever it is written in. The emscripten
 * modules of this room and the `js` module implement the same types.
 */

/** What one evaluation may know of the outside world: functions of the message, nothing else. */
export type GuestContext = {
  /** Where the guest's clock starts for this message, ms since 1970. */
  readonly timestampMs: number
  /** 32 bytes every random number of this evaluation is drawn from: the bytes of the message id. */
  readonly seed: Uint8Array
  /**
   * The caller can bring the state from before back. The guest may then leave out what lets it stop in
   * the middle of a message, and throw `guest-must-suspend` where that was needed after all: `reset` it,
   * and give it the message again without this. Results and memory are the same either way.
   */
  readonly mayRestart?: boolean
}

/** One live process. Not re-entrant; all its state is in `capture()`. */
export type Guest = {
  /**
   * Evaluates one message: JSON text in, JSON text out (`{ok, response}`). The first call on a
   * guest without image must be the process item itself (the boot). Throws `guest-fault`
   * when the guest trapped, exited or aborted: close it and restore the last image.
   */
  handle(messageJson: string, environmentJson: string, context: GuestContext): string
  /** Gas of the last message, failed ones too; undefined where gas is not counted. */
  gasUsed?(): number | undefined
  /** Linear memory now: a fresh view, never kept across `handle` (growing detaches it). */
  memory(): Uint8Array
  /** The whole state between two messages. Never call it after a fault. */
  capture(): MemoryImage
  /**
   * Makes this instance what it was when `image` was captured from it; false where it cannot, as its
   * memory has grown since or it trapped: then a new guest can. After `guest-must-suspend` too.
   */
  reset?(image: MemoryImage): boolean
  /** Drops the memory. Every later call is a mistake of the caller. */
  close(): void
}

/**
 * Linear memory without its zero pages. `pages` holds the bytes of page `indexes[i]` at
 * `i * imagePageBytes`; indexes rise. A page not named is zero.
 */
export type MemoryImage = {
  /** Length of the linear memory; a multiple of 64 KiB. */
  readonly byteLength: number
  readonly indexes: Uint32Array
  readonly pages: Uint8Array
  /** What the host must remember beside the memory, opaque to all but the module's own glue. */
  readonly hostState: Uint8Array
}

export const imagePageBytes = 4096

export type GuestOptions = {
  /** `Memory-Limit`: linear memory never grows past it. */
  readonly memoryBytes: number
  /** Continue exactly where this image was taken; absent: a new process. */
  readonly image?: MemoryImage | undefined
  /** Gets what the guest writes to stdout and stderr, as it comes. Absent: dropped. */
  readonly print?: ((text: string) => void) | undefined
}

/**
 * A compiled module; one serves any number of processes. The memory limit is given per guest, as a
 * process may set its own with a `Memory-Limit` tag.
 */
export type GuestModule = {
  readonly format: string
  /**
   * What a new process of it begins as, where the module's bytes alone decide that, the same on
   * every machine.
   */
  readonly start?: MemoryImage
  instantiate(options: GuestOptions): Promise<Guest>
}
