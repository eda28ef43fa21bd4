import { decodeBase64Url } from '@heddle/protocol/base'
import { readCheckpoint } from './checkpoint.ts'
import { courseInvalid } from './course.ts'
import type { TrainingOutput } from './guest.ts'
import type { TrainingRun } from './run.ts'

/** A checkpoint as a training process stated it. */
export type StatedCheckpoint = {
  readonly slot: number
  readonly step: number
  readonly digest: string
  readonly bytes?: string | undefined
}

export type IntervalVerdict = {
  readonly fromStep: number
  readonly toStep: number
  readonly stated: string
  readonly found: string
  /** Set where the state to begin with is not what its digest says. */
  readonly badStart?: string
}

/** What a result says of a checkpoint; undefined where it says nothing of one. */
export function statedCheckpoint(slot: number, output: unknown): StatedCheckpoint | undefined {
  const { training } = (output ?? {}) as Partial<TrainingOutput>
  const { step, checkpoint } = training ?? {}
  if (!Number.isSafeInteger(step) || typeof checkpoint?.digest !== 'string') return undefined
  return { slot, step: Number(step), digest: checkpoint.digest, bytes: checkpoint.bytes }
}

/**
 * Runs the steps between two checkpoints of a process again, from the first one's state, which must have its digest.
 * Nothing before the first is needed or believed.
 */
export function checkInterval(
  run: TrainingRun,
  from: StatedCheckpoint,
  to: StatedCheckpoint,
): IntervalVerdict {
  const { shape } = run.job.course
  const bytes = decodeBase64Url(from.bytes ?? '')
  if (from.step > 0 && (bytes === undefined || bytes.length === 0)) {
    throw courseInvalid(`slot ${from.slot} has no checkpoint of step ${from.step}`)
  }
  const start = from.step === 0 ? run.start() : readCheckpoint(shape, bytes ?? new Uint8Array(0))
  const startDigest = run.digest(start)
  const about = { fromStep: from.step, toStep: to.step, stated: to.digest }
  if (startDigest !== from.digest || start.step !== from.step) {
    return { ...about, found: '', badStart: startDigest }
  }
  return { ...about, found: run.digest(run.advance(start, to.step).state) }
}
