/** Bytes asked for: all of them, a slice (both ends included), or a slice beyond the end. */
export type ByteRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly from: number; readonly to: number }
  | { readonly kind: 'beyond' }

const whole: ByteRange = { kind: 'whole' }

/**
 * Reads a `Range` header for `length` bytes (RFC 9110 §14). Several ranges at once, other units and
 * malformed headers are answered with the whole, as the RFC allows.
 */
export function readRange(header: string | undefined, length: number): ByteRange {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '')
  if (match === null) return whole
  const [, first = '', last = ''] = match
  if (first === '') {
    if (last === '') return whole
    const count = Math.min(Number(last), length)
    return count === 0 ? { kind: 'beyond' } : { kind: 'part', from: length - count, to: length - 1 }
  }
  const from = Number(first)
  const to = last === '' ? length - 1 : Math.min(Number(last), length - 1)
  if (last !== '' && Number(last) < from) return whole
  return from < length ? { kind: 'part', from, to } : { kind: 'beyond' }
}
