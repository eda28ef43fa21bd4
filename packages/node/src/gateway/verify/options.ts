import { availableParallelism } from 'node:os'
import { HeddleError } from '@heddle/protocol/base'

/** How a verifier is sized. Everything has a default; see `verifierDefaults`. */
export type VerifierOptions = {
  /** Worker threads, 1 to 64. */
  readonly threads?: number
  /** Items waiting or under way before new ones are refused, at least 1. */
  readonly queueItems?: number
  /**
   * Bytes waiting or under way before new ones are refused; a lone item is taken whatever its size.
   */
  readonly queueBytes?: number
  /** Items in one message to a worker, at least 1. */
  readonly batchItems?: number
  /** Bytes in one message to a worker; a larger item travels alone. */
  readonly batchBytes?: number
  /** Verified items remembered; 0 remembers none. */
  readonly cacheItems?: number
  /**
   * Items above this size are neither looked up nor remembered: digesting them would hold the loop.
   */
  readonly cacheItemBytes?: number
  /** What a worker runs. Tests put a failing one here. */
  readonly workerUrl?: URL
}

/** One thread on small machines, half the cores on larger ones, 8 at most. */
export function defaultThreads(cores: number): number {
  return cores <= 2 ? 1 : Math.min(8, Math.floor(cores / 2))
}

const mebibyte = 2 ** 20

export const verifierDefaults: Required<VerifierOptions> = {
  threads: defaultThreads(availableParallelism()),
  queueItems: 16_384,
  queueBytes: 256 * mebibyte,
  batchItems: 64,
  batchBytes: 4 * mebibyte,
  cacheItems: 8_192,
  cacheItemBytes: mebibyte,
  workerUrl: new URL('./worker.ts', import.meta.url),
}

const most = Number.MAX_SAFE_INTEGER
const bounds: readonly (readonly [keyof VerifierOptions, number, number])[] = [
  ['threads', 1, 64],
  ['queueItems', 1, most],
  ['queueBytes', 1, most],
  ['batchItems', 1, most],
  ['batchBytes', 1, most],
  ['cacheItems', 0, most],
  ['cacheItemBytes', 0, most],
]

/** Fills in defaults. Throws `verifier-option` (invalid) for a number out of bounds. */
export function readVerifierOptions(options: VerifierOptions): Required<VerifierOptions> {
  const settings = { ...verifierDefaults, ...options }
  for (const [name, least, greatest] of bounds) {
    const value = Number(settings[name])
    if (Number.isInteger(value) && value >= least && value <= greatest) continue
    throw new HeddleError(
      'verifier-option',
      'invalid',
      `the verifier's ${name} must be a whole number from ${least} to ${greatest}, it is ${value}.`,
    )
  }
  return settings
}
