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

/** What storer sets and certificates may have at most. */
export const limits = {
  /** Storers that can be drawn from in one epoch. */
  storersMax: 4096,
  /** Seats of a committee, so members of one. */
  seatsMax: 100,
  /**
   * Committees of each size that an epoch has; a blob's commitment only says which. A power of two. More
   * of them spread the rows more evenly, and are as many tries for who would like a bad one.
   */
  committeesPerEpoch: 256,
} as const

/** An expiry that never comes. */
export const permanent = 0

/** No certificate may rest on less. */
const soundnessBitsMin = 128

/** Committees that the network draws, by the number of storers there are to draw from. */
export const committees: readonly Committee[] = [
  { k: 16, storers: 24, rowsPerStorer: 2, faultyStorers: 7 },
  { k: 16, storers: 48, rowsPerStorer: 1, faultyStorers: 15 },
  { k: 16, storers: 64, rowsPerStorer: 1, faultyStorers: 21 },
  { k: 16, storers: 100, rowsPerStorer: 1, faultyStorers: 33 },
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
  assert(storers <= limits.seatsMax, `${storers} seats are not too many`)
  return { n, faultyRows, certificateRows, honestRows, slackRows, soundnessBits }
}

/**
 * The committee for a blob of k data rows where there are so many storers: the largest that they
 * fill, or the smallest there is, in which some of them have several seats. Undefined where no code
 * has this k.
 */
export function committeeFor(k: number, storers: number): Committee | undefined {
  const fitting = committees.filter((committee) => committee.k === k)
  return fitting.findLast((committee) => committee.storers <= storers) ?? fitting[0]
}

/**
 * −log2 of the chance that one draw gives more seats to storers with this share of all stake than
 * the committee bears: a binomial tail, which bounds draws by equal stakes (Hoeffding 1963). It
 * bounds nothing where fewer storers than seats are drawn from: there a share of the stake is that
 * share of the seats.
 */
export function drawSafetyBits({ storers, faultyStorers }: Committee, share: number): number {
  assert(share > 0 && share < 1, 'a share is between 0 and 1')
  let tail = 0
  for (let seats = faultyStorers + 1; seats <= storers; seats++) {
    const bits = log2Choose(storers, seats)
    tail += 2 ** (bits + seats * Math.log2(share) + (storers - seats) * Math.log2(1 - share))
  }
  return -Math.log2(tail)
}

/**
 * −log2 of the chance that any committee of an epoch is one that `drawSafetyBits` is about. No encoder
 * can make it worse, however many blobs it tries: there are no other committees.
 */
export function epochSafetyBits(committee: Committee, share: number): number {
  // A set of storers has one size of committee for each k.
  const sizes = new Set(committees.map(({ k }) => k)).size
  return drawSafetyBits(committee, share) - Math.log2(sizes * limits.committeesPerEpoch)
}

/** log2 of the number of ways to choose `count` of `total`. */
function log2Choose(total: number, count: number): number {
  let bits = 0
  for (let i = 1; i <= count; i++) bits += Math.log2((total - count + i) / i)
  return bits
}
