import type { CallReceipt } from '@heddle/protocol/message'

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
  /** Slot of the message: what a drive shows is what the log up to it allows. */
  readonly slot?: number
  /**
   * The caller can bring the state from before back. The guest may then leave out what lets it stop in
   * the middle of a message, and throw `guest-must-suspend` where that was needed after all: `reset` it,
   * and give it the message again without this. Results and memory are the same either way.
   */
  readonly mayRestart?: boolean
}

/**
 * A model that guests of its thread can call. `complete` throws kind `invalid` or `exhausted` where the request
 * is to blame, `gas-exhausted` among them; all else is this machine's failure.
 */
export type CallableModel = {
  complete(
    request: Readonly<Record<string, unknown>>,
    terms: { readonly gasMax: number; readonly seed: number },
  ): {
    readonly reply: Readonly<Record<string, unknown>>
    readonly receipt: string
    readonly gasUsed: number
  }
}

/** Files outside the sandbox that a process may read; see `weave-drive/`. */
export type Drive = {
  /** The path is one of a drive's. Throws what ends the evaluation, as `read` does. */
  open(path: string, slot: number): DriveFile
}

/** A file in windows of `weaveDrive.windowBytes`, the last one shorter. */
export type DriveFile = {
  readonly sizeBytes: number
  /** Window 0. */
  readonly first: Uint8Array
  read(window: number): Uint8Array
}

/** A `Result` as canonical JSON; `failed`: it has an `Error`. */
export type WrittenResult = { readonly json: string; readonly failed: boolean }

/** One live process. Not re-entrant; all its state is in `capture()`. */
export type Guest = {
  /**
   * Evaluates one message: JSON text in, JSON text out (`{ok, response}`). The first call on a
   * guest without image must be the process item itself (the boot). Throws `guest-fault`
   * when the guest trapped, exited or aborted: close it and restore the last image.
   */
  handle(messageJson: string, environmentJson: string, context: GuestContext): string
  /**
   * The same for guests that write results themselves: what `handle` answers, read and written again, with its gas
   * and its receipts.
   */
  write?(messageJson: string, environmentJson: string, context: GuestContext): WrittenResult
  /** Gas of the last message, failed ones too; undefined where gas is not counted. */
  gasUsed?(): number | undefined
  /** Models that the last message called; see `model-calls/`. */
  receipts?(): readonly CallReceipt[]
  /** Linear memory now: a fresh view, never kept across `handle` (growing detaches it). */
  memory(): Uint8Array
  /**
   * The whole state between two messages. Never call it after a fault. `worn`: an older image that nobody
   * needs any more: its memory may be used for the new one, and only what changed since copied.
   */
  capture(worn?: MemoryImage): MemoryImage
  /**
   * Makes this instance what it was when `image` was captured from it; false where it cannot, as its
   * memory has grown since or, with some guests, as it trapped: then a new guest can. After `guest-must-suspend` too.
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
  /** Models it may call, by the id of their item; the first is meant where it names none. */
  readonly models?: ReadonlyMap<string, CallableModel>
  /** What it may read; absent: nothing. */
  readonly drive?: Drive | undefined
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
  /** What it takes on its thread beside its guests, bytes: a model's weights. Absent: next to nothing. */
  readonly heldBytes?: number
  /** Where the module is a model: what other guests call. */
  readonly callable?: CallableModel
  instantiate(options: GuestOptions): Promise<Guest>
}
