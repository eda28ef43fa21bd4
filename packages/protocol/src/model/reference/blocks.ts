import { formatBlocks, type WeightFormat } from '../files/layout.ts'

const { fround } = Math

/** One IEEE half as a number; exact. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 0x3ff
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** Weight `i` of blocks with one scale, without the scale. */
export function wholeWeight(format: 'q8_0' | 'q4_0', view: DataView, i: number): number {
  const start = Math.floor(i / 32) * formatBlocks[format].bytes + 2
  const place = i % 32
  if (format === 'q8_0') return view.getInt8(start + place)
  const byte = view.getUint8(start + (place % 16))
  return (place < 16 ? byte % 16 : Math.floor(byte / 16)) - 8
}

/** Scale and offset of sub-block `j` of a Q4_K block: the twelve bytes from `at`, six bits each. */
function scaleAndOffset(view: DataView, at: number, j: number): [number, number] {
  const byte = (n: number) => view.getUint8(at + n)
  if (j < 4) return [byte(j) % 64, byte(j + 4) % 64]
  const scale = (byte(j + 4) % 16) + 16 * Math.floor(byte(j - 4) / 64)
  const offset = Math.floor(byte(j + 4) / 16) + 16 * Math.floor(byte(j) / 64)
  return [scale, offset]
}

/** d, m: halves; 8 sub-blocks of 32; nibbles of two sub-blocks share 32 bytes. */
function fourBitWeight(view: DataView, start: number, i: number): number {
  const j = Math.floor(i / 32)
  const [scale, offset] = scaleAndOffset(view, start + 4, j)
  const byte = view.getUint8(start + 16 + 32 * Math.floor(i / 64) + (i % 32))
  const nibble = j % 2 === 0 ? byte % 16 : Math.floor(byte / 16)
  const d = halfToNumber(view.getUint16(start, true))
  const m = halfToNumber(view.getUint16(start + 2, true))
  return fround(fround(fround(d * scale) * nibble) - fround(m * offset))
}

/** ql[128], qh[64], scales[16], d: two halves of 128 weights, four rows of 32 in each. */
function sixBitWeight(view: DataView, start: number, i: number): number {
  const half = Math.floor(i / 128)
  const row = Math.floor(i / 32) % 4
  const place = i % 32
  const lowByte = view.getUint8(start + 64 * half + 32 * (row % 2) + place)
  const low = row < 2 ? lowByte % 16 : Math.floor(lowByte / 16)
  const highByte = view.getUint8(start + 128 + 32 * half + place)
  const high = Math.floor(highByte / 4 ** row) % 4
  const scale = view.getInt8(start + 192 + 8 * half + 2 * row + Math.floor(place / 16))
  const d = halfToNumber(view.getUint16(start + 208, true))
  return fround(fround(d * scale) * (low + 16 * high - 32))
}

/** Weight `i` of a part in a packed format, as f32; `view` begins with its first block. */
export function blockWeight(format: WeightFormat, view: DataView, i: number): number {
  const { weights, bytes } = formatBlocks[format]
  const start = Math.floor(i / weights) * bytes
  if (format === 'q4_k') return fourBitWeight(view, start, i % weights)
  if (format === 'q6_k') return sixBitWeight(view, start, i % weights)
  if (format !== 'q8_0' && format !== 'q4_0') throw new TypeError(`${format} has no blocks`)
  return fround(wholeWeight(format, view, i) * halfToNumber(view.getUint16(start, true)))
}
