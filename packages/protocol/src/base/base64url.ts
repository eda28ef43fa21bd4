const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const values = new Int16Array(128).fill(-1)
for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i

/** Base64url without padding (RFC 4648 §5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  let text = ''
  let i = 0
  for (; i + 2 < bytes.length; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text +=
      (alphabet[word >> 18] ?? '') +
      (alphabet[(word >> 12) & 63] ?? '') +
      (alphabet[(word >> 6) & 63] ?? '') +
      (alphabet[word & 63] ?? '')
  }
  const rest = bytes.length - i
  if (rest === 1) {
    const word = (bytes[i] ?? 0) << 16
    text += (alphabet[word >> 18] ?? '') + (alphabet[(word >> 12) & 63] ?? '')
  } else if (rest === 2) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8)
    text +=
      (alphabet[word >> 18] ?? '') +
      (alphabet[(word >> 12) & 63] ?? '') +
      (alphabet[(word >> 6) & 63] ?? '')
  }
  return text
}

/** Bytes of unpadded base64url `text`, or undefined where it is not canonical (RFC 4648 §3.5). */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  const rest = text.length % 4
  if (rest === 1) return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  let word = 0
  let bits = 0
  let at = 0
  for (let i = 0; i < text.length; i++) {
    const value = values[text.charCodeAt(i)] ?? -1
    if (value < 0) return undefined
    word = (word << 6) | value
    bits += 6
    if (bits >= 8) {
      bits -= 8
      bytes[at++] = (word >> bits) & 255
      word &= (1 << bits) - 1
    }
  }
  // Trailing bits must be zero, or two texts would name the same bytes.
  return word === 0 ? bytes : undefined
}

/** Tells whether `text` names 32 bytes: the shape of every id and address on Arweave. */
export function isId(text: string): boolean {
  return text.length === 43 && decodeBase64Url(text)?.length === 32
}
