import type { Result } from '@heddle/protocol/message'
import { resultPending } from '../errors.ts'
import type { MainnetDeps } from '../ports.ts'

/** How long to wait for a result, ms. */
export type Patience = {
  /** In a push, whose reply then goes out without the result; 0 does not wait. */
  readonly pushPatienceMs: number
  /** In a read, which then ends with `result-pending`. */
  readonly readPatienceMs: number
}

/** Result of a slot. Rejects with `result-pending` (unavailable) once `patienceMs` have passed. */
export async function resultWithin(
  patienceMs: number,
  processId: string,
  slot: number,
  { compute, timer }: Pick<MainnetDeps, 'compute' | 'timer'>,
  caller: AbortSignal,
): Promise<Result> {
  const late = new AbortController()
  const cancel = timer.after(patienceMs, () => late.abort(resultPending(processId, slot)))
  try {
    const signal = AbortSignal.any([late.signal, caller])
    return (await compute.result(processId, slot, signal)).result
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : error
  } finally {
    cancel()
  }
}
