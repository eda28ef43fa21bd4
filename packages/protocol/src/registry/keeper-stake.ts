import { isId } from '../base/index.ts'
import { type Item, type ItemDraft, tagValue } from '../item/index.ts'
import { retentionLimits } from '../params/index.ts'
import { registrationInvalid } from './errors.ts'

/** Names of the tags. */
export const keeperStakeTags = {
  type: 'Keeper-Stake',
  keeper: 'Keeper',
  stake: 'Keeper-Stake',
} as const

const protocolTag = { name: 'Data-Protocol', value: 'heddle' } as const

/** What a keeper of copies has at stake, winston, by the word of whoever signed. */
export type KeeperStake = { readonly keeper: string; readonly stake: bigint }

/**
 * The item by which the network's authority says what a node that keeps copies has at stake; 0 takes it
 * back. Throws `storer-registration`.
 */
export function keeperStakeDraft(keeper: string, stake: bigint): ItemDraft {
  if (!isId(keeper) || stake < 0n || String(stake).length > retentionLimits.stakeDigits) {
    throw registrationInvalid(
      'a keeper has an address of 43 characters and a stake of at most 26 digits',
    )
  }
  const tags = [
    protocolTag,
    { name: 'Type', value: keeperStakeTags.type },
    { name: keeperStakeTags.keeper, value: keeper },
    { name: keeperStakeTags.stake, value: String(stake) },
  ]
  return { data: new Uint8Array(0), tags }
}

/** The stake an item gives, undefined where it gives none. Whether its signer may is for the caller. */
export function readKeeperStake({ tags }: Pick<Item, 'tags'>): KeeperStake | undefined {
  const isOne =
    tagValue(tags, protocolTag.name) === protocolTag.value &&
    tagValue(tags, 'Type') === keeperStakeTags.type
  const keeper = tagValue(tags, keeperStakeTags.keeper) ?? ''
  const text = tagValue(tags, keeperStakeTags.stake) ?? ''
  const isAmount = text.length <= retentionLimits.stakeDigits && /^(0|[1-9]\d*)$/.test(text)
  return isOne && isId(keeper) && isAmount ? { keeper, stake: BigInt(text) } : undefined
}
