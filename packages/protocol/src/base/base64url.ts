const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const values = new Int16Array(128).fill(-1)
for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i

/** Two digits at a time: half the pieces a text is put together from. */
const pairs = Array.from(alphabet, (first) => Array.from(alphabet, (next) => first + next)).flat()

const codes = Uint8Array.from(alphabet, (char) => char.charCodeAt(0))
const ascii = new TextDecoder()
/** Shorter ones are put together as text at once. */
const codesBytes = 48

/** Base64url without padding (RFC 4648 §5). */
export function encodeBase64Url(bytes: Uint8Array): string {
  return bytes.length < codesBytes ? encodeShort(bytes) : encodeLong(bytes)
}

function encodeShort(bytes: Uint8Array): string {
  let text = ''
  let i = 0
  for (; i + 2 < bytes.length; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text += (pairs[word >> 12] ?? '') + (pairs[word & 4095] ?? '')
  }
  const rest = bytes.length - i
  if (rest === 1) text += pairs[(bytes[i] ?? 0) << 4] ?? ''
  else if (rest === 2) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8)
    text += (pairs[word >> 12] ?? '') + (alphabet[(word >> 6) & 63] ?? '')
  }
  return text
}

/** By way of bytes: a text of a thousand pieces has to be put together again where it is used. */
function encodeLong(bytes: Uint8Array): string {
  const made = new Uint8Array(Math.ceil((bytes.length * 4) / 3))
  const whole = bytes.length - (bytes.length % 3)
  let at = 0
  for (let i = 0; i < whole; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    made[at++] = codes[word >> 18] ?? 0
    made[at++] = codes[(word >> 12) & 63] ?? 0
    made[at++] = codes[(word >> 6) & 63] ?? 0
    made[at++] = codes[word & 63] ?? 0
  }
  return ascii.decode(made.subarray(0, at)) + encodeShort(bytes.subarray(whole))
}

/** Bytes of unpadded base64url `text`, or undefined where it is not canonical (RFC 4648 §3.5). */
export function decodeBase64Url(text: string): Uint8Array | undefined {
  const rest = text.length % 4
  if (rest === 1) return undefined
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4))
  const whole = text.length - rest
  let at = 0
  for (let i = 0; i < whole; i += 4) {
    const word =
      (valueAt(text, i) << 18) |
      (valueAt(text, i + 1) << 12) |
      (valueAt(text, i + 2) << 6) |
      valueAt(text, i + 3)
    // One that is no digit is -1, and so are all bits of the word then.
    if (word < 0) return undefined
    bytes[at++] = word >> 16
    bytes[at++] = word >> 8
    bytes[at++] = word
  }
  if (rest === 0) return bytes
  const last = rest === 3 ? valueAt(text, whole + 2) : 0
  const word = (valueAt(text, whole) << 12) | (valueAt(text, whole + 1) << 6) | last
  if (word < 0) return undefined
  bytes[at++] = word >> 10
  if (rest === 3) bytes[at] = word >> 2
  // Trailing bits must be zero, or two texts would name the same bytes.
  return (word & (rest === 2 ? 1023 : 3)) === 0 ? bytes : undefined
}

/** -1 where it is no digit. */
function valueAt(text: string, i: number): number {
  return values[text.charCodeAt(i)] ?? -1
}

/** Tells whether `text` names 32 bytes: the shape of every id and address on Arweave. */
export function isId(text: string): boolean {
  return text.length === 43 && decodeBase64Url(text)?.length === 32
}
