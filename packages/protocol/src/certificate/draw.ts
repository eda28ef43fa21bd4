import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from '../base/index.ts'
import {
  type Committee,
  type CommitteeBounds,
  committeeBounds,
  committeeFor,
  limits,
} from '../params/index.ts'
import { certificateInvalid } from './errors.ts'
import { u32Bytes } from './numbers.ts'
import type { BlobParameters } from './parameters.ts'
import { type StorerSet, storerSetId } from './storer-set.ts'
import { storerTags } from './tags.ts'

/** A storer that has seats on a committee, and the rows that go with them. */
export type Member = {
  /** Its place in the storer set. */
  readonly storer: number
  readonly key: Uint8Array
  /** Ascending. It signs when it holds all of them, and for nothing less. */
  readonly rows: readonly number[]
}

/** Who is to hold which rows of one blob. */
export type Assignment = {
  readonly committee: Committee
  readonly bounds: CommitteeBounds
  readonly setId: Uint8Array
  /** Ascending by place in the set; a certificate's bitmap is over these. */
  readonly members: readonly Member[]
}

/**
 * The committee of a blob and its rows. An epoch has a fixed number of committees, drawn from the set
 * and its beacon alone; the commitment says which of them it is, and which rows each seat has. So an
 * encoder that tries blobs until it likes the committee has no more to choose from than these
 * (spec/05-certificate.md §6).
 *
 * Throws `certificate` where k and n are not those of the set's committee: rows per seat are what
 * soundness rests on, and not the encoder's to choose (spec/04-commitment.md §5).
 */
export function drawAssignment(
  set: StorerSet,
  commitment: Uint8Array,
  { k, n }: Pick<BlobParameters, 'k' | 'n'>,
): Assignment {
  const committee = committeeFor(k, set.storers.length)
  if (committee === undefined || committeeBounds(committee).n !== n) {
    throw certificateInvalid(`k = ${k}, n = ${n} is no committee of ${set.storers.length} storers.`)
  }
  const setId = storerSetId(set)
  const seed = sha256(concatBytes([Uint8Array.of(storerTags.drawSeed), commitment, setId]))
  const random = new DrawStream(seed)
  const seats = seatsOf(set, committee.storers, random.index(limits.committeesPerEpoch))
  const rows = random.shuffled(n)
  const rowsOf = new Map<number, number[]>()
  seats.forEach((storer, seat) => {
    const from = seat * committee.rowsPerStorer
    const own = rows.slice(from, from + committee.rowsPerStorer)
    rowsOf.set(storer, [...(rowsOf.get(storer) ?? []), ...own])
  })
  const members = [...rowsOf]
    .sort(([a], [b]) => a - b)
    .map(([storer, own]) => ({
      storer,
      key: set.storers[storer]?.key ?? new Uint8Array(0),
      rows: own.sort((a, b) => a - b),
    }))
  return { committee, bounds: committeeBounds(committee), setId, members }
}

/** Seats of committees by set, then by size and number: a storer draws for every blob it is sent. */
const knownSeats = new WeakMap<StorerSet, Map<number, readonly number[]>>()

/** The storer of each seat of one of the epoch's committees of this size. */
export function seatsOf(set: StorerSet, count: number, number: number): readonly number[] {
  const known = knownSeats.get(set) ?? new Map<number, readonly number[]>()
  knownSeats.set(set, known)
  const name = count * limits.committeesPerEpoch + number
  const drawn = known.get(name)
  if (drawn !== undefined) return drawn
  const tag = Uint8Array.of(storerTags.committeeSeed)
  const seed = sha256(concatBytes([tag, storerSetId(set), u32Bytes(count), u32Bytes(number)]))
  const seats = drawSeats(set, count, new DrawStream(seed))
  known.set(name, seats)
  return seats
}

/**
 * Seats go by stake: storers are put in random order, their stakes laid end to end, and one point
 * taken in each of N equal parts, all at the same random offset (systematic sampling, Madow 1949), so
 * that a storer with a share s of the stake has ⌊Ns⌋ or ⌈Ns⌉ seats.
 */
function drawSeats({ storers }: StorerSet, count: number, random: DrawStream): number[] {
  const order = random.shuffled(storers.length)
  const total = storers.reduce((sum, { stake }) => sum + stake, 0n)
  const offset = random.below(total)
  const seats: number[] = []
  let passed = 0n
  for (const storer of order) {
    passed += storers[storer]?.stake ?? 0n
    // Seat j is at (offset + j · total) / count; multiplied out, so that nothing is rounded.
    while (offset + BigInt(seats.length) * total < passed * BigInt(count)) seats.push(storer)
  }
  return seats
}

/** Numbers from SHA-256(8 ‖ seed ‖ counter), the same everywhere. */
class DrawStream {
  readonly #seed: Uint8Array
  #block = new Uint8Array(0)
  #counter = 0
  #at = 0

  constructor(seed: Uint8Array) {
    this.#seed = seed
  }

  /** Uniform below a total of stakes, but for 2^-64 at most. */
  below(bound: bigint): bigint {
    let value = 0n
    for (let i = 0; i < 5; i++) value = (value << 32n) | BigInt(this.#word())
    return value % bound
  }

  /** 0 … count − 1 in random order (Fisher and Yates). */
  shuffled(count: number): number[] {
    const order = Array.from({ length: count }, (_, i) => i)
    for (let last = count - 1; last > 0; last--) {
      const other = this.index(last + 1)
      const kept = order[last] ?? 0
      order[last] = order[other] ?? 0
      order[other] = kept
    }
    return order
  }

  /** Uniform below `bound`: words that would favour small numbers are passed over. */
  index(bound: number): number {
    const fair = 2 ** 32 - (2 ** 32 % bound)
    for (;;) {
      const word = this.#word()
      if (word < fair) return word % bound
    }
  }

  #word(): number {
    if (this.#at >= this.#block.length) {
      const tag = Uint8Array.of(storerTags.drawBlock)
      this.#block = sha256(concatBytes([tag, this.#seed, u32Bytes(this.#counter++)]))
      this.#at = 0
    }
    const word = new DataView(this.#block.buffer, this.#block.byteOffset).getUint32(this.#at, true)
    this.#at += 4
    return word
  }
}
