import { assert } from '../base/index.ts'

/**
 * A committee for one blob: `storers` seats of `rowsPerStorer` rows each, of which `faultyStorers`
 * may be anything. What certificates and soundness need follows from these; see `committeeBounds`.
 */
export type Committee = {
  readonly k: number
  readonly storers: number
  readonly rowsPerStorer: number
  readonly faultyStorers: number
}

export type CommitteeBounds = {
  readonly n: number
  /** Rows the faulty may hold. */
  readonly faultyRows: number
  /**
   * Rows a certificate must count: k rows are with honest storers even if all faulty ones signed.
   */
  readonly certificateRows: number
  /** Rows that honest storers alone can sign, and by how many they exceed what is needed. */
  readonly honestRows: number
  readonly slackRows: number
  /** −log2 of the chance, per hash an adversary tries, that rows of two blobs verify together. */
  readonly soundnessBits: number
}

/** Layout version 1: what a commitment made with it means. */
export const layout = {
  version: 1,
  /** A row's part of one stripe is at most this long. */
  pieceBytesMax: 16 * 1024,
  /** Pieces are whole blocks, so that planes fill whole 16-byte words. */
  pieceBytesUnit: 128,
  /** Stripes that one fingerprint covers. */
  segmentStripes: 16,
  /** Independent fingerprints of each plane. */
  fingerprintKeys: 2,
  /** Fingerprints of a row are one piece of the code themselves: 64 segments of 256 bytes. */
  segmentsMax: 64,
} as const

/** No certificate may rest on less. */
const soundnessBitsMin = 128

/** Committees that the network draws, by the number of storers there are to draw from. */
export const committees: readonly Committee[] = [
  { k: 16, storers: 24, rowsPerStorer: 2, faultyStorers: 7 },
  { k: 16, storers: 48, rowsPerStorer: 1, faultyStorers: 15 },
  { k: 64, storers: 24, rowsPerStorer: 8, faultyStorers: 7 },
  { k: 64, storers: 48, rowsPerStorer: 4, faultyStorers: 15 },
  { k: 64, storers: 64, rowsPerStorer: 3, faultyStorers: 21 },
  { k: 64, storers: 100, rowsPerStorer: 2, faultyStorers: 33 },
]

/**
 * Derives the bounds of a committee and asserts what must hold between them: the code exists, a
 * certificate can be reached without the faulty, and the fingerprints are strong enough (the
 * formula is argued in spec/04-commitment.md).
 */
export function committeeBounds(committee: Committee): CommitteeBounds {
  const { k, storers, rowsPerStorer, faultyStorers } = committee
  const n = storers * rowsPerStorer
  assert(n > k && n <= 256, `a code of ${n} rows exists for k = ${k}`)
  const faultyRows = faultyStorers * rowsPerStorer
  const certificateRows = k + faultyRows
  const honestRows = n - faultyRows
  const slackRows = honestRows - certificateRows
  assert(slackRows >= 0, `${honestRows} honest rows reach a certificate of ${certificateRows}`)
  const anchors = Math.ceil(k / rowsPerStorer)
  const wordsPerPlane = (layout.pieceBytesMax / 128) * layout.segmentStripes
  const perPair = layout.fingerprintKeys * (128 - Math.log2(wordsPerPlane))
  const soundnessBits = perPair - log2Choose(storers, anchors) - Math.log2(n)
  assert(soundnessBits >= soundnessBitsMin, `${soundnessBits} bits of soundness are enough`)
  return { n, faultyRows, certificateRows, honestRows, slackRows, soundnessBits }
}

/** log2 of the number of ways to choose `count` of `total`. */
function log2Choose(total: number, count: number): number {
  let bits = 0
  for (let i = 1; i <= count; i++) bits += Math.log2((total - count + i) / i)
  return bits
}
