import { encodeText } from '@heddle/protocol/base'

/** Small segments, so that kills also hit roll-overs. */
export const killOptions = { segmentBytes: 512 * 1024 }

/** Records that say where they belong, so that a reader can tell each byte of them. */
export function batchRecords(log: string, firstSlot: number, count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => {
    const slot = firstSlot + i
    return encodeText(
      `${log}/${slot}/${firstSlot}/${count}/`.padEnd(20 + ((slot * 997) % 5000), '='),
    )
  })
}
