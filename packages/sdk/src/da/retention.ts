import { retentionInvalid } from './errors.ts'

/** How long a blob is kept; the node's own (30 days) where nothing is said. */
export type Retention =
  | 'permanent'
  | {
      readonly seconds?: number
      readonly minutes?: number
      readonly hours?: number
      readonly days?: number
    }

/** As `/da/blobs` takes it. Throws `da-retention`. */
export function retentionText(retention: Retention): string {
  if (retention === 'permanent') return retention
  const { seconds = 0, minutes = 0, hours = 0, days = 0 } = retention
  const total = Math.ceil(seconds + 60 * minutes + 3600 * hours + 86_400 * days)
  if (!Number.isSafeInteger(total) || total < 1) throw retentionInvalid()
  return String(total)
}
