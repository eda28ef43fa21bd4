import type { CheckpointDelta, PackedCheckpoint, StoredAt } from '../checkpoint/index.ts'
import type { DriveLine } from '../weave-drive/line.ts'
import type { DriveRule } from '../weave-drive/rule.ts'

/**
 * What the unit and its threads say to each other. Every request has a call number and gets exactly
 * one reply with it; an `evaluate` sends its outcomes one by one before that.
 */

/** One message to evaluate; `json` is what the module gets. */
export type WorkMessage = {
  readonly slot: number
  /** Id of the message: 32 bytes as base64url, the seed of its randomness. */
  readonly id: string
  readonly timestampMs: number
  readonly json: string
}

type LoadModule = {
  readonly kind: 'module'
  readonly moduleId: string
  readonly format: string
  readonly bytes: Uint8Array
}

type ForgetModule = { readonly kind: 'forget-module'; readonly moduleId: string }

/** Makes a process live: new, or as a checkpoint has it. */
export type OpenProcess = {
  readonly kind: 'open'
  readonly processId: string
  /** Names the process in the watch. */
  readonly number: number
  readonly moduleId: string
  readonly memoryBytes: number
  readonly environment: string
  /** Models it may call; they were sent as modules. */
  readonly models: readonly string[]
  /** What it may read of a drive. */
  readonly drive?: DriveRule | undefined
  readonly nextSlot: number
  readonly checkpoint?: PackedCheckpoint | undefined
  /** Slot whose evaluation needs the process; set where no message of it ever succeeded. */
  readonly unprovenFor?: number | undefined
}

export type Evaluate = {
  readonly kind: 'evaluate'
  readonly processId: string
  readonly messages: readonly WorkMessage[]
}

/** Runs messages that are known to succeed; gives nothing back. */
export type Replay = {
  readonly kind: 'replay'
  readonly processId: string
  readonly messages: readonly WorkMessage[]
}

/** The state now, whole. */
type Capture = { readonly kind: 'capture'; readonly processId: string }

/** The state now, as it goes to the store. With `close` the process is put to sleep. */
type TakeCheckpoint = {
  readonly kind: 'checkpoint'
  readonly processId: string
  readonly close: boolean
}

/** A checkpoint is in the store: the next one may build on it. */
type ConfirmCheckpoint = {
  readonly kind: 'confirm-checkpoint'
  readonly processId: string
  readonly nextSlot: number
  readonly at: StoredAt
}

type CloseProcess = { readonly kind: 'close'; readonly processId: string }

/** Runs one message against a state of its own and drops that state. */
export type Fork = {
  readonly kind: 'fork'
  readonly lane: string
  readonly number: number
  readonly moduleId: string
  readonly memoryBytes: number
  readonly environment: string
  readonly models: readonly string[]
  readonly drive?: DriveRule | undefined
  /** Names the image, so that a thread that has it decoded need not do it again. */
  readonly imageName: string
  readonly image: Uint8Array | undefined
  readonly message: WorkMessage
}

export type Request =
  | LoadModule
  | ForgetModule
  | OpenProcess
  | Evaluate
  | Replay
  | Capture
  | TakeCheckpoint
  | ConfirmCheckpoint
  | CloseProcess
  | Fork

/** What one message gave: a `Result` as JSON, and its digest. */
export type Outcome = {
  readonly slot: number
  readonly failed: boolean
  /** Why it failed, the beginning: `json` may have megabytes, which only a thread has time to read. */
  readonly error?: string | undefined
  readonly json: string
  readonly digest: Uint8Array
  readonly gasUsed: number
  /** What it took, with coming back from a failure. */
  readonly elapsedMs: number
}

/** A state: what the process is before `nextSlot`. Absent image: nothing was evaluated yet. */
export type CapturedState = {
  readonly nextSlot: number
  readonly image: Uint8Array | undefined
}

/** What a live process holds, as far as is known: bytes. */
export type Footprint = {
  /** Pages of its linear memory in use. */
  readonly stateBytes: number
  /** All that it takes: those, what is kept to come back to, the instance itself. */
  readonly memoryBytes: number
}

/** What a module takes on its thread. */
export type LoadedModule = { readonly heldBytes: number }

export type Reply = CapturedState | CheckpointDelta | Outcome | Footprint | LoadedModule | undefined

/** An error that crossed a thread border. */
export type CarriedError = {
  readonly code: string
  readonly kind: string
  readonly message: string
}

/** What was asked in one turn of the event loop; an empty list only wakes a thread that is to end. */
export type ToWorker = readonly { readonly call: number; readonly request: Request }[]

export type FromWorker =
  | { readonly call: number; readonly outcome: Outcome }
  /** Sent when enough was evaluated since the last one for a checkpoint to pay. */
  | { readonly call: number; readonly checkpoint: CheckpointDelta }
  | { readonly call: number; readonly reply: Reply }
  | { readonly call: number; readonly error: CarriedError }

/** What a thread is started with. */
export type WorkerSettings = {
  /** See `watch.ts`. */
  readonly watch: SharedArrayBuffer
  /** See `weave-drive/`. */
  readonly driveLine: DriveLine
  readonly turnMs: number
  readonly checkpointAfterMs: number
  /** See `ComputeOptions`. */
  readonly moreFormats: Readonly<Record<string, string>>
  /** See the option of the same name. */
  readonly preparedFolder: string | undefined
}
