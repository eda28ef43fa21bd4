import type { Item, Tag } from '../item/index.ts'

/** What the scheduler states about one slot, read from a verified assignment item. */
export type Assignment = {
  readonly item: Item
  readonly processId: string
  readonly epoch: number
  /** The slot; `Nonce` on the wire. Slot 0 is the process item itself. */
  readonly slot: number
  readonly hashChain: string
  readonly blockHeight: number
  readonly timestampMs: number
  /** Id of the message that has this slot; for slot 0 the process id. */
  readonly messageId: string
  /** Fields of an assigned item that the process must not see. */
  readonly exclude: readonly string[]
}

/** One slot of a process's log. `message` is undefined where an existing item was assigned by id. */
export type LogEntry = {
  readonly assignment: Assignment
  readonly message: Item | undefined
}

/** A message a process emitted, as its module wrote it. */
export type OutgoingMessage = {
  readonly Target: string
  readonly Anchor: string
  readonly Tags: readonly Tag[]
  readonly Data?: string | undefined
}

/** A process a process asked for. */
export type OutgoingSpawn = {
  readonly Anchor: string
  readonly Tags: readonly Tag[]
  readonly Data?: string | undefined
}

export type OutgoingAssignment = {
  readonly Processes: readonly string[]
  readonly Message: string
  readonly BaseLayer?: boolean | undefined
  readonly Exclude?: readonly string[] | undefined
}

/** A model that an evaluation called: the id of its item, and the answer's receipt as text. */
export type CallReceipt = { readonly Model: string; readonly Receipt: string }

/** What evaluating one slot gave: the wire shape of every AO client. `Memory` never leaves the unit. */
export type Result = {
  readonly Error?: string
  readonly Messages: readonly OutgoingMessage[]
  readonly Spawns: readonly OutgoingSpawn[]
  readonly Assignments: readonly OutgoingAssignment[]
  readonly Output: unknown
  readonly GasUsed: number
  /** Models called, in order; absent where none was. Written by the unit, never by the module. */
  readonly Receipts?: readonly CallReceipt[]
}

/** The message a module's `handle` gets, field names as AO defines them (ABI JSON-1). */
export type EvaluationMessage = {
  readonly Id: string
  readonly Signature?: string
  readonly Owner: string
  readonly From: string
  readonly 'Forwarded-By'?: string
  readonly Target: string
  readonly Anchor: string
  readonly Tags: readonly Tag[]
  readonly Data: string
  readonly Module?: string
  readonly Epoch?: number
  readonly Nonce?: number
  readonly Timestamp: number
  readonly 'Block-Height': number
  readonly 'Hash-Chain'?: string
  readonly Cron: boolean
  readonly Message?: string
  readonly 'Read-Only'?: boolean
}

export type EvaluationEnvironment = {
  readonly Process: { readonly Id: string; readonly Owner: string; readonly Tags: readonly Tag[] }
  readonly Module: { readonly Id: string; readonly Owner: string; readonly Tags: readonly Tag[] }
}
