import { encodeBase64Url, isHeddleError, toHex } from '@heddle/protocol/base'
import type { Clock } from '../../runtime/index.ts'
import type { RetrieverOptions } from './options.ts'

/** What a storer did instead of giving a row: a wrong one is a fault of its own, the rest may pass. */
export type StorerFault = {
  /** Its BLS key, base64url. */
  readonly storer: string
  readonly fault: 'wrong' | 'missing' | 'slow' | 'unreachable'
  readonly row?: number
  /** The code of the error, or which check failed. */
  readonly why: string
}

/** What is remembered of storers between reads. */
export type Health = {
  /** Storers that failed lately are asked last. */
  isSuspect(storer: Uint8Array): boolean
  answered(storer: Uint8Array, tookMs: number): void
  failed(storer: Uint8Array): void
  /** After this time an answer is late. */
  hedgeMs(): number
}

export function createHealth(
  clock: Pick<Clock, 'elapsedMs'>,
  { suspectMs, hedgeMsMin, hedgeMsMax }: RetrieverOptions,
): Health {
  const suspectUntil = new Map<string, number>()
  let usualMs = hedgeMsMin
  return {
    // Asked for every row of every segment, and mostly there is nobody.
    isSuspect: (storer) =>
      suspectUntil.size > 0 && (suspectUntil.get(toHex(storer)) ?? 0) > clock.elapsedMs(),
    answered(storer, tookMs) {
      suspectUntil.delete(toHex(storer))
      usualMs += (tookMs - usualMs) / 16
    },
    failed: (storer) => void suspectUntil.set(toHex(storer), clock.elapsedMs() + suspectMs),
    hedgeMs: () => Math.min(hedgeMsMax, Math.max(hedgeMsMin, 3 * usualMs)),
  }
}

/** A fault from what a call threw. */
export function faultOf(storer: Uint8Array, error: unknown, row?: number): StorerFault {
  const told = isHeddleError(error) ? error : undefined
  const isWrong = told?.code === 'da-wire' || told?.code === 'commitment-mismatch'
  const fault = told?.kind === 'missing' ? 'missing' : isWrong ? 'wrong' : 'unreachable'
  const named = { storer: encodeBase64Url(storer), fault, why: told?.code ?? 'internal' } as const
  return row === undefined ? named : { ...named, row }
}
