import { encodeBase64Url, toHex } from '../base/index.ts'
import {
  type BlsEngine,
  epochBeacon,
  type StorerDirectory,
  type StorerEntry,
} from '../certificate/index.ts'
import type { CryptoEngine } from '../crypto/index.ts'
import { type Item, ownerAddress } from '../item/index.ts'
import { limits } from '../params/index.ts'
import {
  type RegisteredStorer,
  readStorerRegistration,
  readStorerStake,
  type StorerStake,
} from './registration.ts'

export type RegistryRules = {
  /** Address whose items give stakes: who answers for the network while it has no token. */
  readonly authority: string
  /** An epoch's length by the base layer's own time. */
  readonly epochSeconds: number
}

/** A day, so that rows seldom outlive the set they were drawn from by many epochs. */
export const epochSecondsDefault = 86_400

/** A block of the base layer as far as epochs go by it. */
export type EpochBlock = { readonly id: Uint8Array; readonly timestampSeconds: number }

/** An item whose signature holds, with the time of its block. */
export type OrderedItem = { readonly item: Item; readonly timestampSeconds: number }

/** What items were found to hold: a registration takes two pairings to check, and every epoch asks. */
const readItems = new WeakMap<Item, { readonly storer: RegisteredStorer | undefined }>()

function storerIn(bls: BlsEngine, item: Item): RegisteredStorer | undefined {
  const known = readItems.get(item) ?? { storer: readStorerRegistration(bls, item) }
  readItems.set(item, known)
  return known.storer
}

/** The number of the epoch that a block is of. */
export function epochOf({ epochSeconds }: Pick<RegistryRules, 'epochSeconds'>, seconds: number) {
  return Math.floor(seconds / epochSeconds)
}

/**
 * The storer set of an epoch: who registered, and was given a stake, in blocks of earlier epochs. `items`
 * are in the order of the base layer; of each kind the last of a storer counts. `first` is the first block
 * of the epoch: its id is the beacon, which none could know who registered before. Undefined where
 * nobody has a stake, or `first` is of another epoch.
 */
export function storersOfEpoch(
  bls: BlsEngine,
  engine: CryptoEngine,
  rules: RegistryRules,
  items: readonly OrderedItem[],
  first: EpochBlock,
): StorerDirectory | undefined {
  const epoch = epochOf(rules, first.timestampSeconds)
  const storers = new Map<string, RegisteredStorer>()
  const stakes = new Map<string, StorerStake>()
  for (const { item, timestampSeconds } of items) {
    if (epochOf(rules, timestampSeconds) >= epoch) continue
    const storer = storerIn(bls, item)
    if (storer !== undefined) storers.set(toHex(storer.key), storer)
    const given = readStorerStake(item)
    const isAuthority = ownerAddress(item, engine) === rules.authority
    if (given !== undefined && isAuthority) stakes.set(toHex(given.key), given)
  }
  const entries = [...storers].flatMap(([name, { placement: _, ...entry }]): StorerEntry[] => {
    const stake = stakes.get(name)?.stake ?? 0n
    return stake === 0n ? [] : [{ ...entry, stake }]
  })
  // The largest stakes where there are too many; then by key, as sets are.
  const largest = entries.sort((a, b) => Number(a.stake < b.stake) - Number(a.stake > b.stake))
  const kept = largest.slice(0, limits.storersMax)
  const inOrder = kept.sort((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1))
  if (inOrder.length === 0) return undefined
  return { epoch, beacon: epochBeacon(epoch, first.id), storers: inOrder }
}

/** What a set rests on, for people: its authority and the block of its beacon. */
export function describeEpoch(rules: RegistryRules, first: EpochBlock): string {
  const epoch = epochOf(rules, first.timestampSeconds)
  return `epoch ${epoch}, stakes by ${rules.authority}, beacon of block ${encodeBase64Url(first.id)}`
}
