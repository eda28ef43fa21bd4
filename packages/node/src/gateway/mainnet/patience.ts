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
  const pending = resultPending(processId, slot)
  return await within({ patienceMs, pending, timer, caller }, async (signal) => {
    return (await compute.result(processId, slot, signal)).result
  })
}

type Bounds = Pick<MainnetDeps, 'timer'> & {
  readonly patienceMs: number
  /** What it ends with where that takes longer. */
  readonly pending: Error
  readonly caller: AbortSignal
}

/** Does what ends with its signal, which is that of the caller and of the patience. */
export async function within<T>(
  { patienceMs, pending, timer, caller }: Bounds,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController()
  const cancel = timer.after(patienceMs, () => late.abort(pending))
  try {
    return await run(AbortSignal.any([late.signal, caller]))
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : error
  } finally {
    cancel()
  }
}
