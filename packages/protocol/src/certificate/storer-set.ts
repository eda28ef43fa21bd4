import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes, encodeText } from '../base/index.ts'
import { limits } from '../params/index.ts'
import { type BlsEngine, type BlsSigner, blsKeyBytes } from './bls.ts'
import { storerSetInvalid } from './errors.ts'
import { u32Bytes, u64Bytes } from './numbers.ts'
import { signingDomain, storerTags } from './tags.ts'

/** A storer as the base layer registers it. */
export type Storer = {
  /** BLS key, 48 bytes, compressed. */
  readonly key: Uint8Array
  /** What it can lose, in the smallest unit; more than 0, below 2^64. */
  readonly stake: bigint
}

/** Who may be drawn in an epoch, and the randomness they are drawn with. */
export type StorerSet = {
  readonly epoch: number
  /** 32 bytes that nobody could foresee when the storers registered. */
  readonly beacon: Uint8Array
  /** Ascending by key, each key once. */
  readonly storers: readonly Storer[]
}

/** What a storer sends to be registered. */
export type Registration = Storer & { readonly proof: Uint8Array }

const beaconBytes = 32

/** What a storer signs to show that it knows the secret of its key. */
function possessionMessage(key: Uint8Array): Uint8Array {
  return concatBytes([encodeText(signingDomain), Uint8Array.of(storerTags.possession), key])
}

/** The proof of possession that goes with a registration. */
export function provePossession(signer: BlsSigner): Uint8Array {
  return signer.sign(possessionMessage(signer.key))
}

/** What a storer's key signs to be registered with a lane key and a place: domain ‖ 12 ‖ key ‖ … */
export function registrationMessage(
  key: Uint8Array,
  laneKey: Uint8Array,
  placeDigest: Uint8Array,
): Uint8Array {
  const start = [encodeText(signingDomain), Uint8Array.of(storerTags.registration)]
  return concatBytes([...start, key, laneKey, placeDigest])
}

/** SHA-256(13 ‖ epoch ‖ block id): an epoch's beacon from its first block. */
export function epochBeacon(epoch: number, blockId: Uint8Array): Uint8Array {
  return sha256(concatBytes([Uint8Array.of(storerTags.epochBeacon), u64Bytes(epoch), blockId]))
}

/**
 * Without this check a storer could register a key made from the keys of others, and sign for all
 * of them (rogue-key attack).
 */
export function verifyPossession(engine: BlsEngine, key: Uint8Array, proof: Uint8Array): boolean {
  return engine.verifyAggregate([key], possessionMessage(key), proof)
}

/** Makes the storer set of an epoch; throws `storer-set` where a registration is not sound. */
export function makeStorerSet(
  engine: BlsEngine,
  epoch: number,
  beacon: Uint8Array,
  registrations: readonly Registration[],
): StorerSet {
  for (const { key, proof } of registrations) {
    if (!engine.isKey(key) || !verifyPossession(engine, key, proof)) {
      throw storerSetInvalid('a storer has not proved that it knows the secret of its key.')
    }
  }
  const storers = registrations
    .map(({ key, stake }) => ({ key, stake }))
    .sort((a, b) => compareBytes(a.key, b.key))
  const set = { epoch, beacon, storers }
  checkStorerSet(set)
  return set
}

/** Form only: keys are not checked to be points. Throws `storer-set`. */
export function checkStorerSet({ epoch, beacon, storers }: StorerSet): void {
  if (!Number.isSafeInteger(epoch) || epoch < 0) throw storerSetInvalid('the epoch is no count.')
  if (beacon.length !== beaconBytes) throw storerSetInvalid('a beacon has 32 bytes.')
  if (storers.length < 1 || storers.length > limits.storersMax) {
    throw storerSetInvalid(`a set has 1 to ${limits.storersMax} storers, not ${storers.length}.`)
  }
  storers.forEach(({ key, stake }, i) => {
    if (key.length !== blsKeyBytes) throw storerSetInvalid('a key has 48 bytes.')
    if (stake < 1n || stake >= 1n << 64n) throw storerSetInvalid('a stake is 1 to 2^64 - 1.')
    const before = storers[i - 1]
    if (before !== undefined && compareBytes(before.key, key) >= 0) {
      throw storerSetInvalid('keys are not in order, or one is there twice.')
    }
  })
}

/** Ids by set: one is drawn from for every blob of its epoch, and never changes. */
const knownIds = new WeakMap<StorerSet, Uint8Array>()

/** SHA-256(6 ‖ epoch ‖ beacon ‖ count ‖ (key ‖ stake)…): what certificates name a set by. */
export function storerSetId(set: StorerSet): Uint8Array {
  const known = knownIds.get(set)
  if (known !== undefined) return known
  checkStorerSet(set)
  const { epoch, beacon, storers } = set
  const start = [Uint8Array.of(storerTags.storerSet), u64Bytes(epoch), beacon]
  const list = storers.flatMap(({ key, stake }) => [key, u64Bytes(stake)])
  const id = sha256(concatBytes([...start, u32Bytes(storers.length), ...list]))
  knownIds.set(set, id)
  return id
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
