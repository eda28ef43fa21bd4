/** Bytes asked for: from, and to (excluded); `undefined` where the range cannot be had. */
export type ByteRange = { readonly fromByte: number; readonly toByte: number }

/**
 * One range of RFC 9110 §14.1. Several at once, other units and what cannot be read count as no range:
 * the whole is sent. Undefined where nothing of it is in the blob (416).
 */
export function parseRange(header: string | undefined, lengthBytes: number): ByteRange | undefined {
  const whole = { fromByte: 0, toByte: lengthBytes }
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null || (match[1] === '' && match[2] === '')) return whole
  const [, first = '', last = ''] = match
  if (first === '') {
    const count = Math.min(Number(last), lengthBytes)
    return count === 0 ? undefined : { fromByte: lengthBytes - count, toByte: lengthBytes }
  }
  const fromByte = Number(first)
  const toByte = last === '' ? lengthBytes : Math.min(Number(last) + 1, lengthBytes)
  if (last !== '' && Number(last) < fromByte) return whole
  return fromByte < lengthBytes ? { fromByte, toByte } : undefined
}
