import { permanent } from '@heddle/protocol/params'
import { retentionInvalid } from './errors.ts'

/** How long a blob is to be kept: `text` is seconds or `permanent`. Throws `da-retention`. */
export function retentionOf(text: string | undefined, fallbackSeconds: number): number {
  if (text === undefined) return fallbackSeconds
  if (text === 'permanent') return permanent
  if (/^[1-9]\d{0,10}$/.test(text)) return Number(text)
  throw retentionInvalid(text)
}
