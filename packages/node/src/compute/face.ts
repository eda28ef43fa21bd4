import type { EvaluationMessage, Result } from '@heddle/protocol/message'
import type { Route } from '../network/index.ts'

/** One evaluated slot. */
export type Evaluation = {
  readonly processId: string
  readonly slot: number
  readonly messageId: string
  readonly timestampMs: number
  readonly blockHeight: number
  /** Set for cron ticks, e.g. `10-seconds`. */
  readonly cron?: string
  readonly result: Result
}

/** How far a process is; what an operator looks at when it seems to stand still. */
export type ProcessStatus = {
  readonly process: string
  readonly module: string | null
  /** Slots scheduled, and slots with a durable result. */
  readonly slots: number
  readonly evaluated: number
  readonly backlog: number
  /** In memory, on a thread; if not it sleeps in its checkpoint, or never ran since the start. */
  readonly live: boolean
  /** Thread it is live on. */
  readonly worker: number | null
  /** Pages of its memory in use, bytes, when it was last live; null where it was not since the start. */
  readonly stateBytes: number | null
  /** All it takes while it is live, bytes; 0 where it sleeps. */
  readonly memoryBytes: number
  /** What its messages cost here since the start. */
  readonly cost: ProcessCost
  /** Why nothing goes on. */
  readonly stopped: { readonly error: string; readonly code: string } | null
  /** Newest slot since the start whose result is an error. */
  readonly lastError: { readonly slot: number; readonly text: string } | null
}

/** What evaluating the messages of one process cost. */
export type ProcessCost = {
  readonly evaluations: number
  readonly gasUsed: number
  readonly elapsedMs: number
}

export type ComputeFace = {
  /**
   * Result at a slot; waits for evaluation, up to the caller's patience. Rejects with
   * `unknown-process`,
   * `unknown-message` (missing), `evaluation-pending` (unavailable) when the signal aborts, and
   * with
   * what stops the process.
   */
  result(processId: string, slot: number, signal?: AbortSignal): Promise<Evaluation>
  /**
   * Runs a message against a fork of the newest state, which has every slot durable at the time of
   * the
   * call; nothing of it remains. A message that fails resolves with `Error`. `caller`: who asks from
   * outside; each has a few under way (`dry-runs-exhausted`), one at a time in the line of all.
   * Rejects with `state-pending` (unavailable) when the signal aborts.
   */
  dryRun(
    processId: string,
    message: Partial<EvaluationMessage>,
    signal?: AbortSignal,
    caller?: string,
  ): Promise<Result>
  /**
   * Durable evaluations from `fromSlot`, at most `limit`, ascending. Never evaluates. A result may have
   * 15 MiB: with `bytesMax`, those that are read end with the one that reaches so many bytes.
   */
  evaluations(
    processId: string,
    fromSlot: number,
    limit: number,
    bytesMax?: number,
  ): Promise<Evaluation[]>
  /** Next slot that has no durable evaluation. */
  evaluatedHead(processId: string): number
  /** Calls back after each durable evaluation, per process in slot order. */
  onEvaluated(listener: (processId: string, slot: number) => void): void
}

export type Compute = ComputeFace & {
  /** How far a process is and what it costs. Rejects with `unknown-process`. */
  status(processId: string): Promise<ProcessStatus>
  /**
   * Publishes the newest checkpoint of a process as an item; resolves with its id, or with undefined
   * where that one was published before. Rejects with `checkpoint-missing`.
   */
  publishCheckpoint(processId: string): Promise<string | undefined>
  /** HTTP routes without prefix, to be mounted at `/cu`. */
  routes(): Route[]
  /** Stops evaluating, ends the threads, waits for results on their way to the disk. */
  close(): Promise<void>
}
