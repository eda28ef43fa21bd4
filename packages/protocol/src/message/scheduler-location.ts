import type { ItemDraft } from '../item/index.ts'
import { locationInvalid } from './assignment-errors.ts'

const urlLengthMax = 2048

/**
 * A scheduler's announcement of where it answers, to be signed with the key it signs assignments
 * with and published once. Readers keep it for `ttlMs` milliseconds. Throws `location-invalid`.
 */
export function schedulerLocationDraft(url: string, ttlMs: number): ItemDraft {
  if (!/^https?:\/\/[^\s/]+\S*$/.test(url) || url.length > urlLengthMax) {
    throw locationInvalid(`the url must be http(s), at most ${urlLengthMax} characters`)
  }
  if (!Number.isSafeInteger(ttlMs) || ttlMs <= 0) {
    throw locationInvalid('the time to live must be a whole number of milliseconds above 0')
  }
  return {
    data: new Uint8Array(0),
    tags: [
      { name: 'Data-Protocol', value: 'ao' },
      { name: 'Variant', value: 'ao.TN.1' },
      { name: 'Type', value: 'Scheduler-Location' },
      { name: 'Url', value: url },
      { name: 'Time-To-Live', value: String(ttlMs) },
    ],
  }
}
