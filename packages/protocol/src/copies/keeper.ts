import type { CryptoEngine } from '../crypto/index.ts'
import { type Item, type ItemDraft, ownerAddress, tagValues } from '../item/index.ts'
import { isPlacementLabel, type Retention, retentionLimits } from '../params/index.ts'
import { copyStatementInvalid } from './errors.ts'
import { idTag, isStatement, numberTag, statementDraft, statementTypes } from './statement.ts'

/** What a keeper says of itself to one who asks. Stake is not among it: that is the base layer's word. */
export type KeeperStatement = {
  /** Address of who signed. */
  readonly keeper: string
  /** Address of whom it is said to. */
  readonly placer: string
  /** Labels of where its disk is. */
  readonly placement: readonly string[]
  /** What it would still take of this placer; 0 where it takes nothing. */
  readonly freeBytes: number
  /** 32 bytes of the asker's, so that no older statement passes for this one. */
  readonly nonce: Uint8Array
}

const names = { placer: 'Keeper-Placer', placement: 'Keeper-Placement', free: 'Keeper-Free-Bytes' }

/** The draft of a keeper's statement, for the keeper to sign. Throws `copy-statement`. */
export function keeperStatementDraft(said: Omit<KeeperStatement, 'keeper'>): ItemDraft {
  const { placer, placement, freeBytes, nonce } = said
  if (!arePlaces(placement) || !Number.isSafeInteger(freeBytes) || freeBytes < 0) {
    throw copyStatementInvalid('a keeper states up to 16 labels and a whole number of bytes')
  }
  const tags = [
    [names.placer, placer],
    [names.free, String(freeBytes)],
    ...placement.map((label) => [names.placement, label] as const),
  ] as const
  return statementDraft(statementTypes.keeper, tags, { anchor: nonce })
}

/** What an opened statement says of a keeper; undefined where it is none. */
export function readKeeperStatement(item: Item, engine: CryptoEngine): KeeperStatement | undefined {
  const placer = idTag(item, names.placer)
  const freeBytes = numberTag(item, names.free, Number.MAX_SAFE_INTEGER)
  const placement = tagValues(item.tags, names.placement)
  const isOne = isStatement(item, statementTypes.keeper) && item.anchor.length === 32
  if (!isOne || placer === undefined || freeBytes === undefined || !arePlaces(placement)) {
    return undefined
  }
  const keeper = ownerAddress(item, engine)
  return { keeper, placer, placement, freeBytes, nonce: item.anchor }
}

/** Why a holder may not keep a copy; undefined where it may. */
export type Unfit = 'place' | 'stake'

/** Tells whether a holder with these labels and this stake is one that a retention asks for. */
export function findUnfit(
  { placement, minimumStake }: Pick<Retention, 'placement' | 'minimumStake'>,
  holder: { readonly placement: readonly string[]; readonly stake: bigint },
): Unfit | undefined {
  if (!placement.every((label) => holder.placement.includes(label))) return 'place'
  return holder.stake < minimumStake ? 'stake' : undefined
}

function arePlaces(labels: readonly string[]): boolean {
  return labels.length <= retentionLimits.placementLabels && labels.every(isPlacementLabel)
}
