import { HeddleError } from '../base/index.ts'
import type { Retention } from './retention.ts'

/** What storage costs. All whole numbers, so that everybody's quote is the same. */
export type StoragePrices = {
  /** Winston for 1 GiB, one copy, one year, today. */
  readonly winstonPerGibYear: bigint
  /**
   * By how much the cost of storage is assumed to fall every year, in hundredths of a percent. An
   * endowment pays each year's cost in advance for ever: the sum of a geometric series.
   */
  readonly declineBasisPoints: bigint
  /** Data is billed in units of this many bytes; 1 bills what there is. */
  readonly unitBytes: bigint
}

/**
 * Free until an operator or the network's genesis says otherwise. The decline is Arweave's
 * assumption: 0.5 % a year, so 200 years of today's cost.
 */
export const storagePrices: StoragePrices = {
  winstonPerGibYear: 0n,
  declineBasisPoints: 50n,
  unitBytes: 1n,
}

const gibibyte = 2n ** 30n
const yearMs = 365n * 24n * 60n * 60n * 1000n

/**
 * Winston to pay once for keeping `sizeBytes` from `nowMs` on, rounded up. Permanent: the endowment.
 * Leased: cost × time × copies, and never more than the endowment.
 */
export function quoteStorage(
  sizeBytes: number,
  { untilMs, copies }: Pick<Retention, 'untilMs' | 'copies'>,
  nowMs: number,
  prices: StoragePrices = storagePrices,
): bigint {
  const isWhole = Number.isSafeInteger(sizeBytes) && sizeBytes >= 0
  if (!isWhole) throw quoteInvalid('the size must be a whole number of bytes')
  const { winstonPerGibYear, declineBasisPoints, unitBytes } = prices
  if (declineBasisPoints <= 0n || unitBytes <= 0n || winstonPerGibYear < 0n) {
    throw quoteInvalid('prices must not be negative, decline and unit must be above 0')
  }
  const billedBytes = divideUp(BigInt(sizeBytes), unitBytes) * unitBytes
  const yearly = billedBytes * BigInt(copies) * winstonPerGibYear
  const endowment = divideUp(yearly * 10_000n, gibibyte * declineBasisPoints)
  if (untilMs === undefined) return endowment
  const leaseMs = BigInt(Math.max(0, Math.ceil(untilMs - nowMs)))
  const lease = divideUp(yearly * leaseMs, gibibyte * yearMs)
  if (lease > endowment) return endowment
  return lease
}

/** Numbers no price follows from. */
function quoteInvalid(what: string): HeddleError {
  return new HeddleError('quote-invalid', 'invalid', `no price can be told: ${what}.`)
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by
}
