import type { MessengerOptions } from './options.ts'

type RetryOptions = Pick<
  MessengerOptions,
  'retryBaseMs' | 'retryCapMs' | 'giveUpAfterMs' | 'attemptsMin'
>

/** Wait after the `attempts`-th failed attempt, milliseconds: doubles, up to the cap. */
export function retryDelayMs(
  attempts: number,
  options: Pick<RetryOptions, 'retryBaseMs' | 'retryCapMs'>,
): number {
  const doublings = Math.min(attempts - 1, 40)
  return Math.min(options.retryBaseMs * 2 ** doublings, options.retryCapMs)
}

/** True where a letter has been tried long and often enough. */
export function isHopeless(attempts: number, ageMs: number, options: RetryOptions): boolean {
  return attempts >= options.attemptsMin && ageMs >= options.giveUpAfterMs
}
