/** A slice of the content, both ends included. */
export type ByteRange = { readonly from: number; readonly to: number }

/** Bytes asked for: all of them, slices in the order asked, or none there is. */
export type WantedBytes =
  | { readonly kind: 'whole' }
  | { readonly kind: 'parts'; readonly parts: readonly ByteRange[] }
  | { readonly kind: 'beyond' }

const whole: WantedBytes = { kind: 'whole' }
/** More ranges than this, or ranges that overlap, are asked by nobody who means well. */
const partsMax = 50

/**
 * Reads a `Range` header for `length` bytes (RFC 9110 §14). Other units, malformed headers, too
 * many and overlapping ranges are answered with the whole, as the RFC allows; a range beyond the
 * end is left out where others are within.
 */
export function readRange(header: string | undefined, length: number): WantedBytes {
  const listed = /^bytes=(.+)$/.exec(header?.trim() ?? '')?.[1]?.split(',')
  if (listed === undefined || listed.length > partsMax) return whole
  const parts: ByteRange[] = []
  for (const text of listed) {
    const range = readOne(text.trim(), length)
    if (range === undefined) return whole
    if (range !== 'beyond') parts.push(range)
  }
  if (parts.length === 0) return { kind: 'beyond' }
  return overlap(parts) ? whole : { kind: 'parts', parts }
}

function readOne(text: string, length: number): ByteRange | 'beyond' | undefined {
  const match = /^(\d{0,15})-(\d{0,15})$/.exec(text)
  if (match === null) return undefined
  const [, first = '', last = ''] = match
  if (first === '') {
    if (last === '') return undefined
    const count = Math.min(Number(last), length)
    return count === 0 ? 'beyond' : { from: length - count, to: length - 1 }
  }
  const from = Number(first)
  const to = last === '' ? length - 1 : Math.min(Number(last), length - 1)
  if (last !== '' && Number(last) < from) return undefined
  return from < length ? { from, to } : 'beyond'
}

function overlap(parts: readonly ByteRange[]): boolean {
  const sorted = [...parts].sort((a, b) => a.from - b.from)
  return sorted.some(({ from }, index) => index > 0 && from <= (sorted[index - 1]?.to ?? -1))
}
