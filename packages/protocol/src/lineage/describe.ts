import { encodeBase64Url } from '../base/index.ts'
import { type Item, tagValue } from '../item/index.ts'
import type { Sha256 } from './grounds.ts'

/** Whether a link holds: the item is there and its signature is its own, or what is wrong. */
export type ItemState = 'verified' | 'forged' | 'missing'

export type ProvenanceItem = {
  readonly id: string
  readonly state: ItemState
  /** `Dataset`, `Training-Run`, `Model`, `Process`, `Receipt`, a message's Action; absent where unknown. */
  readonly kind?: string
  readonly name?: string
  /** Address that signed it: who contributed it. */
  readonly signer?: string
  /** Process it was sent by. */
  readonly process?: string
  /** Rule and verdict of a decision. */
  readonly rule?: string
  readonly verdict?: string
}

const textMax = 200

/** What an answer says of an item whose signature was checked. */
export function describeItem(item: Item, sha256: Sha256): ProvenanceItem {
  const text = (name: string) => tagValue(item.tags, name)?.slice(0, textMax)
  const type = text('Type')
  const kind = type === 'Message' ? (text('Action') ?? tickOf(item)) : type
  const known = {
    kind: kind ?? 'Item',
    name: text('Name'),
    process: text('From-Process'),
    rule: text('Rule'),
    verdict: text('Verdict'),
  }
  const present = Object.entries(known).filter(([, value]) => value !== undefined)
  const signer = encodeBase64Url(sha256(item.owner))
  return { id: item.id, state: 'verified', signer, ...Object.fromEntries(present) }
}

function tickOf({ tags }: Item): string {
  return tagValue(tags, 'Cron-Tick') === undefined ? 'Message' : 'Cron-Tick'
}
