import { encryptBlock } from './aes.ts'

/**
 * L_K(A) = Σ A_i · H^(m − i + 2) over the 16-byte words A_1 … A_m of A, H = AES-128_K(0), in the
 * field and bit order of GCM (NIST SP 800-38D §6). This is the tag of A as additional data XOR the
 * tag of as many zeros, so native AES-GCM computes it; it is linear over GF(2).
 *
 * A fingerprint takes equally long pieces of one row and returns, plane after plane and key after
 * key, the 16 bytes of L_K over that plane of all pieces, put one after another. A key has 16
 * bytes.
 */
export type Fingerprint = (keys: readonly Uint8Array[], pieces: readonly Uint8Array[]) => Uint8Array

/** The fingerprint in plain code, by tables of 64 KiB a key; runs anywhere. */
export const portableFingerprint: Fingerprint = (keys, pieces) => {
  const bytes = new Uint8Array(8 * 16 * keys.length)
  const out = new DataView(bytes.buffer)
  const partBytes = (pieces[0]?.length ?? 0) / 8
  const views = pieces.map(({ buffer, byteOffset, length }) => {
    return new DataView(buffer, byteOffset, length)
  })
  keys.forEach((key, j) => {
    const table = tableOf(key)
    for (let plane = 0; plane < 8; plane++) {
      const sum = sumUnder(table, views, plane * partBytes, partBytes)
      const to = 16 * (plane * keys.length + j)
      for (let w = 0; w < 4; w++) out.setInt32(to + 4 * w, sum[w] ?? 0)
    }
  })
  return bytes
}

/** Products by the power of a key (signed words: unsigned ones do not fit small integers), found by the key's own array: a blob has two keys. */
const tables = new WeakMap<Uint8Array, Int32Array>()

function tableOf(key: Uint8Array): Int32Array {
  const known = tables.get(key)
  if (known !== undefined) return known
  const table = productsOf(multiplesOf(encryptBlock(key, new Uint8Array(16))))
  tables.set(key, table)
  return table
}

function sumUnder(
  table: Int32Array,
  parts: readonly DataView[],
  from: number,
  partBytes: number,
): Int32Array {
  const sum = new Int32Array(4)
  for (const part of parts) {
    for (let at = from; at < from + partBytes; at += 16) {
      for (let w = 0; w < 4; w++) sum[w] = (sum[w] ?? 0) ^ part.getInt32(at + 4 * w)
      multiplyInto(sum, table)
    }
  }
  // The word of lengths that GCM adds last is equal in both tags: only its step remains.
  multiplyInto(sum, table)
  return sum
}

/**
 * H · x^i for i = 0 … 127, four 32-bit words each: bit i of a factor, leftmost first, selects one.
 */
function multiplesOf(h: Uint8Array): Int32Array {
  const table = new Int32Array(512)
  const view = new DataView(h.buffer, h.byteOffset, 16)
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => view.getInt32(at)) as [
    number,
    number,
    number,
    number,
  ]
  for (let i = 0; i < 128; i++) {
    table.set([a, b, c, d], 4 * i)
    const carry = d & 1
    d = (d >>> 1) | (c << 31)
    c = (c >>> 1) | (b << 31)
    b = (b >>> 1) | (a << 31)
    a = (a >>> 1) ^ (carry ? 0xe1000000 : 0)
  }
  return table
}

/** For each of the 16 bytes of a factor and each of its 256 values the product, four words. */
function productsOf(multiples: Int32Array): Int32Array {
  const table = new Int32Array(16 * 256 * 4)
  for (let place = 0; place < 16; place++) {
    for (let value = 1; value < 256; value++) {
      const lowest = value & -value
      // Bit 7 is leftmost.
      const bit = 8 * place + 7 - Math.log2(lowest)
      const to = 4 * (256 * place + value)
      const rest = 4 * (256 * place + (value ^ lowest))
      for (let w = 0; w < 4; w++) {
        table[to + w] = (table[rest + w] ?? 0) ^ (multiples[4 * bit + w] ?? 0)
      }
    }
  }
  return table
}

function multiplyInto(x: Int32Array, table: Int32Array): void {
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let w = 0; w < 4; w++) {
    const word = x[w] ?? 0
    for (let place = 0; place < 4; place++) {
      const at = 4096 * w + 1024 * place + 4 * ((word >>> (24 - 8 * place)) & 255)
      a ^= table[at] ?? 0
      b ^= table[at + 1] ?? 0
      c ^= table[at + 2] ?? 0
      d ^= table[at + 3] ?? 0
    }
  }
  x[0] = a
  x[1] = b
  x[2] = c
  x[3] = d
}
