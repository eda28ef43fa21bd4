import type { EvaluationMessage, Result } from '@heddle/protocol/message'

/** One evaluated slot. */
export type Evaluation = {
  readonly processId: string
  readonly slot: number
  readonly messageId: string
  readonly timestampMs: number
  readonly blockHeight: number
  /** Set for cron ticks, e.g. `10-seconds`. */
  readonly cron?: string
  /** Id of the first message of the chain of pushes this belongs to. */
  readonly result: Result
}

export type ComputeFace = {
  /** Result at a slot; waits for evaluation, up to the caller's patience. `unknown-process`, `unknown-message` (missing). */
  result(processId: string, slot: number, signal?: AbortSignal): Promise<Evaluation>
  /** Runs a message against a fork of the newest state; nothing of it remains. */
  dryRun(processId: string, message: Partial<EvaluationMessage>): Promise<Result>
  /** Durable evaluations from `fromSlot`, at most `limit`, ascending. Never evaluates. */
  evaluations(processId: string, fromSlot: number, limit: number): Promise<Evaluation[]>
  /** Next slot that has no durable evaluation. */
  evaluatedHead(processId: string): number
  /** Calls back after each durable evaluation, per process in slot order. */
  onEvaluated(listener: (processId: string, slot: number) => void): void
}
