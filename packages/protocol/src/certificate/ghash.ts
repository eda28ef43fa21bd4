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

/** The fingerprint in plain code, at some 10 MB/s; runs anywhere. */
export const portableFingerprint: Fingerprint = (keys, pieces) => {
  const bytes = new Uint8Array(8 * 16 * keys.length)
  const out = new DataView(bytes.buffer)
  const partBytes = (pieces[0]?.length ?? 0) / 8
  for (let plane = 0; plane < 8; plane++) {
    const at = plane * partBytes
    const parts = pieces.map((piece) => piece.subarray(at, at + partBytes))
    keys.forEach((key, j) => {
      const sum = sumUnder(key, parts)
      const to = 16 * (plane * keys.length + j)
      for (let w = 0; w < 4; w++) out.setUint32(to + 4 * w, sum[w] ?? 0)
    })
  }
  return bytes
}

function sumUnder(key: Uint8Array, parts: readonly Uint8Array[]): Uint32Array {
  const power = multiplesOf(encryptBlock(key, new Uint8Array(16)))
  const sum = new Uint32Array(4)
  for (const part of parts) {
    const view = new DataView(part.buffer, part.byteOffset, part.length)
    for (let at = 0; at < part.length; at += 16) {
      for (let w = 0; w < 4; w++) sum[w] = (sum[w] ?? 0) ^ view.getUint32(at + 4 * w)
      multiplyInto(sum, power)
    }
  }
  // The word of lengths that GCM adds last is equal in both tags: only its step remains.
  multiplyInto(sum, power)
  return sum
}

/**
 * H · x^i for i = 0 … 127, four 32-bit words each: bit i of a factor, leftmost first, selects one.
 */
function multiplesOf(h: Uint8Array): Uint32Array {
  const table = new Uint32Array(512)
  const view = new DataView(h.buffer, h.byteOffset, 16)
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => view.getUint32(at)) as [
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

function multiplyInto(x: Uint32Array, table: Uint32Array): void {
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let i = 0; i < 128; i++) {
    // All ones where bit i is set.
    const mask = -(((x[i >> 5] ?? 0) >>> (31 - (i & 31))) & 1)
    a ^= (table[4 * i] ?? 0) & mask
    b ^= (table[4 * i + 1] ?? 0) & mask
    c ^= (table[4 * i + 2] ?? 0) & mask
    d ^= (table[4 * i + 3] ?? 0) & mask
  }
  x.set([a, b, c, d])
}
