const encoder = new TextEncoder()
const lenientDecoder = new TextDecoder()
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Up to this many characters a loop beats the call into the encoder; names of tags are shorter. */
const shortText = 48

/** UTF-8 bytes of `text`. */
export function encodeText(text: string): Uint8Array {
  if (text.length > shortText) return encoder.encode(text)
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return encoder.encode(text)
    bytes[i] = code
  }
  return bytes
}

/** How many bytes `text` takes in UTF-8; it is well formed. */
export function textBytes(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    // The two halves of a character beyond the first plane take four bytes together.
    if (code > 0x7f) bytes += code > 0x7ff && (code & 0xf800) !== 0xd800 ? 2 : 1
  }
  return bytes
}

/** Writes `text`, well formed, as UTF-8 at `at`; returns how many bytes, `textBytes` of it. */
export function writeUtf8(text: string, into: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127) return encoder.encodeInto(text, into.subarray(at)).written
    into[at + i] = code
  }
  return text.length
}

/** Text of UTF-8 `bytes`; malformed sequences become U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return lenientDecoder.decode(bytes)
}

/**
 * Text of UTF-8 `bytes`, or undefined where they are not valid UTF-8. Random bytes, as most anchors are,
 * are told by their first bytes: the decoder's exception costs a hundred times more.
 */
export function decodeTextStrict(bytes: Uint8Array): string | undefined {
  if (!startsAsText(bytes)) return undefined
  try {
    return strictDecoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** False only where the first character that is not ASCII is broken. */
function startsAsText(bytes: Uint8Array): boolean {
  let at = 0
  while (at < bytes.length && (bytes[at] ?? 0) < 128) at++
  if (at === bytes.length) return true
  const first = bytes[at] ?? 0
  // Bytes that cannot begin a character (Unicode 15, table 3-7), and one that its followers lack.
  return first >= 0xc2 && first <= 0xf4 && ((bytes[at + 1] ?? 0) & 0xc0) === 0x80
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

export function toHex(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0')
  return hex
}
