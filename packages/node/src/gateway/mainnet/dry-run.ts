import { decodeText } from '@heddle/protocol/base'
import { ethereumAddress } from '@heddle/protocol/crypto'
import { type Item, ownerAddress, type Tag } from '@heddle/protocol/item'
import type { RouteReply } from '../../network/index.ts'
import { resultPending } from '../errors.ts'
import type { MainnetDeps } from '../ports.ts'
import { type Call, signedItem } from './call.ts'
import { newestSlot, stateAt } from './compute.ts'
import { parsePairs } from './path.ts'
import { type Patience, within } from './patience.ts'

/** Who sends a dry-run nobody signed: what aoconnect's legacy mode says. */
const nobody = '1234'
/** Tags that speak to this surface and not to the process. */
const transportTags = new Set([
  'signing-format',
  'accept-bundle',
  'accept-codec',
  'require-codec',
  'codec-device',
])
const keyBytes = 65

/**
 * `as=execution/compute&Name=value…`: runs a message that leaves nothing behind. Its tags are those
 * of the path, the query and the posted item; its sender is the item's signer.
 */
export async function dryRun(
  call: Call,
  processId: string,
  rawSteps: readonly string[],
  deps: MainnetDeps,
  { readPatienceMs: patienceMs }: Patience,
): Promise<RouteReply> {
  const slot = newestSlot(processId, deps)
  const item = call.item === undefined ? undefined : await signedItem(call, deps)
  const sender = item === undefined ? nobody : senderOf(item, deps)
  // A tag's value may hold slashes, so all that follows belongs to the tags.
  const [, ...pairs] = rawSteps.join('/').split('&')
  const message = {
    Id: item?.id ?? nobody,
    Owner: sender,
    From: sender,
    Target: processId,
    Anchor: '0',
    Tags: messageTags([...parsePairs(pairs.join('&')), ...call.request.query], item),
    Data: item === undefined ? nobody : decodeText(item.data),
  }
  const { signal: caller, peer } = call.request
  const bounds = { patienceMs, pending: resultPending(processId, slot), timer: deps.timer, caller }
  const result = await within(bounds, (signal) =>
    deps.compute.dryRun(processId, message, signal, peer),
  )
  return { status: 200, body: stateAt(processId, slot, result) }
}

/** Earlier ones win: what the path says, then the item. */
function messageTags(pairs: Iterable<readonly [string, string]>, item: Item | undefined): Tag[] {
  const tags = new Map<string, string>()
  const add = (name: string, value: string) => {
    if (!tags.has(name) && !transportTags.has(name)) tags.set(name, value)
  }
  for (const [name, value] of pairs) add(name, value)
  for (const { name, value } of item?.tags ?? []) add(name, value)
  add('Data-Protocol', 'ao')
  add('Type', 'Message')
  add('Variant', 'ao.N.1')
  return [...tags].map(([name, value]) => ({ name, value }))
}

/** Processes know owners of Ethereum keys by their 0x address. */
function senderOf(item: Item, { engine }: MainnetDeps): string {
  return item.owner.length === keyBytes
    ? ethereumAddress(item.owner, engine)
    : ownerAddress(item, engine)
}
