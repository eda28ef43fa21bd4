import { decodeText, decodeTextStrict, encodeBase64Url } from '../base/index.ts'
import { type CryptoEngine, ethereumAddress } from '../crypto/index.ts'
import {
  ethereumType,
  type Item,
  ownerAddress,
  type Tag,
  tagValue,
  typedEthereumType,
} from '../item/index.ts'
import type { Assignment, EvaluationEnvironment, EvaluationMessage } from './entry.ts'

/**
 * A message as a module gets it. Beside the fields always there, one that an item does not have
 * (an anchor) or that the assignment excludes is left out, as AO leaves it out.
 */
export type PresentedMessage = Partial<EvaluationMessage> &
  Pick<EvaluationMessage, 'Id' | 'Tags' | 'Timestamp' | 'Block-Height' | 'Cron'>

/** One slot, ready to be presented. `assigned`: the item existed before and was assigned by id. */
export type PresentedSlot = {
  readonly assignment: Assignment
  readonly item: Item
  readonly assigned: boolean
}

/**
 * Fields an `Exclude` tag can take away: what the item says of itself, never what the scheduler
 * says.
 */
const excludable: ReadonlySet<string> = new Set([
  'Signature',
  'Owner',
  'Target',
  'Anchor',
  'Tags',
  'Data',
])

/** Tags a sender could use to speak as somebody else: AO takes them off before evaluation. */
const spoofing: ReadonlySet<string> = new Set(['From', 'Owner'])

/**
 * Text standing for no data; an ABI string cannot tell absent from empty, and AO's clients send it.
 */
const emptyData = ' '

type Signed = Pick<Item, 'owner' | 'signatureType'>

/**
 * The owner as processes see it: an EIP-55 `0x…` address for an Ethereum key, the address itself
 * where the owner is one (type 7), base64url(sha256(owner)) for every other key.
 */
export function presentedOwner(item: Signed, engine: CryptoEngine): string {
  if (item.signatureType === ethereumType) return ethereumAddress(item.owner, engine)
  if (item.signatureType === typedEthereumType) return decodeText(item.owner)
  return ownerAddress(item, engine)
}

/**
 * The message a module's `handle` gets for one slot (ao-protocol §4.1). Data is UTF-8 text; bytes
 * that
 * are none become U+FFFD, for the ABI knows text only. An anchor that is no text is left out.
 */
export function evaluationMessage(slot: PresentedSlot, engine: CryptoEngine): PresentedMessage {
  const { assignment, item, assigned } = slot
  const owner = presentedOwner(item, engine)
  const fromProcess = tagValue(item.tags, 'From-Process')
  const anchor = anchorText(item.anchor)
  const excluded = assigned ? assignment.exclude.filter((name) => excludable.has(name)) : []
  const message: Record<string, unknown> = {
    Id: item.id,
    Signature: encodeBase64Url(item.signature),
    Owner: owner,
    From: fromProcess ?? owner,
    ...(fromProcess === undefined ? {} : { 'Forwarded-By': owner }),
    Target: assigned ? encodeBase64Url(item.target) : assignment.processId,
    ...(anchor === undefined ? {} : { Anchor: anchor }),
    Tags: presentedTags(item.tags),
    Data: dataText(item.data),
    ...statedBySchedule(assignment),
    Cron: false,
    ...(assigned ? { Message: assignment.messageId } : {}),
  }
  for (const name of excluded) delete message[name]
  // A module walks the tags of every message: none is an empty list, not an absent one.
  if (excluded.includes('Tags')) message.Tags = []
  return message as PresentedMessage
}

/**
 * A cron tick as AO presents it: from the process owner, with the tags its interval was given
 * (`Cron-Tag-*` of the process). The scheduler put them on the item; what it says of itself stays out.
 * Only an item of the process's own scheduler may be presented so; see `cronTickOf`.
 */
export function cronMessage(
  slot: PresentedSlot,
  process: Item,
  engine: CryptoEngine,
): PresentedMessage {
  const owner = presentedOwner(process, engine)
  return {
    Id: slot.item.id,
    Owner: owner,
    From: owner,
    Target: slot.assignment.processId,
    Tags: tickTags(slot.item.tags),
    Data: dataText(slot.item.data),
    ...statedBySchedule(slot.assignment),
    Cron: true,
  }
}

/** What the scheduler's item says beside the tags of the tick itself. */
const statedOnTick = new Set([
  'Data-Protocol',
  'Type',
  'Variant',
  'Cron-Tick',
  'Cron-Time',
  'Cron-Block',
  'Delivery-Id',
])

/** The interval of a cron tick (`10-seconds`), or undefined where the item is none. */
export function cronTickOf(item: Item): string | undefined {
  return tagValue(item.tags, 'Cron-Tick')
}

/** The second argument of `handle`: who the process and its module are. */
export function evaluationEnvironment(
  process: Signed & Pick<Item, 'id' | 'tags'>,
  module: Signed & Pick<Item, 'id' | 'tags'>,
  engine: CryptoEngine,
): EvaluationEnvironment {
  return {
    Process: { Id: process.id, Owner: presentedOwner(process, engine), Tags: process.tags },
    Module: { Id: module.id, Owner: presentedOwner(module, engine), Tags: module.tags },
  }
}

function statedBySchedule(assignment: Assignment) {
  return {
    Epoch: assignment.epoch,
    Nonce: assignment.slot,
    Timestamp: assignment.timestampMs,
    'Block-Height': assignment.blockHeight,
    'Hash-Chain': assignment.hashChain,
  }
}

function presentedTags(tags: readonly Tag[]): readonly Tag[] {
  return tags.some((tag) => spoofing.has(tag.name))
    ? tags.filter((tag) => !spoofing.has(tag.name))
    : tags
}

function tickTags(tags: readonly Tag[]): Tag[] {
  return tags.filter((tag) => !statedOnTick.has(tag.name))
}

function anchorText(anchor: Uint8Array): string | undefined {
  return anchor.length === 0 ? undefined : decodeTextStrict(anchor)
}

function dataText(data: Uint8Array): string {
  return data.length === 0 ? emptyData : decodeText(data)
}
