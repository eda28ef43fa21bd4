import { concatBytes } from '@heddle/protocol/base'
import { attestationDraft } from '@heddle/protocol/digest'
import { bundleItems, createItem, type Item, tagValue } from '@heddle/protocol/item'
import type { LogEntry } from '@heddle/protocol/message'
import { followResults } from './chain.ts'
import type { RollupOptions } from './options.ts'
import type { RollupDeps } from './ports.ts'
import { digestsTags, type RollupStatement, rollupTags } from './statement.ts'

/** No signature type of an item begins with it; JSON does. */
const openingBrace = 0x7b

/** What is to be rolled up: slots from `fromSlot`, all below `endSlot`, as many as fit. */
export type Range = {
  readonly processId: string
  readonly fromSlot: number
  readonly endSlot: number
  readonly previous: string | undefined
  readonly checkpoint: string | undefined
  /** The chain before `fromSlot`; without it results are left out. */
  readonly chain: Uint8Array | undefined
}

export type Rollup = { readonly item: Item; readonly statement: RollupStatement }

type Slots = {
  readonly entries: LogEntry[]
  /** Items that were assigned by their id. */
  readonly beside: Map<string, Item>
  readonly digests: Uint8Array[]
  chain: Uint8Array | undefined
}

/**
 * Bundles a range of a log: each assignment with its message, the digests of the results and the
 * node's attestation of their chain. The data is a function of log and results. Undefined where the
 * first slot cannot be had.
 */
export async function makeRollup(
  deps: RollupDeps,
  range: Range,
  limits: Pick<RollupOptions, 'slotsMax' | 'bytesMax' | 'besideBytesMax'>,
): Promise<Rollup | undefined> {
  const { signer, engine } = deps
  const { processId, fromSlot, previous, checkpoint } = range
  const { entries, beside, digests, chain: resultChain } = await takeSlots(deps, range, limits)
  const last = entries.at(-1)?.assignment
  if (last === undefined) return undefined
  const toSlot = last.slot
  const statement = { processId, fromSlot, toSlot, previous, checkpoint, resultChain }
  const slots = entries.flatMap(({ assignment, message }) =>
    message === undefined ? [assignment.item] : [assignment.item, message],
  )
  const items = [...beside.values(), ...slots]
  if (resultChain !== undefined) {
    const { epoch, slot } = last
    const attested = attestationDraft({ processId, epoch, slot, resultChain })
    const digestDraft = { data: concatBytes(digests), tags: digestsTags(statement) }
    items.push(await createItem(digestDraft, signer, engine))
    items.push(await createItem(attested, signer, engine))
  }
  const draft = { data: bundleItems(items), tags: rollupTags(statement) }
  return { item: await createItem(draft, signer, engine), statement }
}

async function takeSlots(
  deps: RollupDeps,
  range: Range,
  { slotsMax, bytesMax, besideBytesMax }: Parameters<typeof makeRollup>[2],
): Promise<Slots> {
  const slots: Slots = { entries: [], beside: new Map(), digests: [], chain: undefined }
  const endSlot = Math.min(range.endSlot, range.fromSlot + slotsMax)
  let bytes = 0
  for await (const { entry, resultDigest, chain } of readSlots(deps, { ...range, endSlot })) {
    const assigned = await assignedItem(deps, entry, besideBytesMax)
    const message = entry.message ?? assigned
    bytes += entry.assignment.item.bytes.length + (message?.bytes.length ?? 0)
    if (bytes > bytesMax && slots.entries.length > 0) break
    slots.entries.push(entry)
    if (assigned !== undefined) slots.beside.set(assigned.id, assigned)
    if (resultDigest !== undefined) slots.digests.push(resultDigest)
    slots.chain = chain
  }
  return slots
}

/**
 * What an entry assigns by id, where it is here and can stand in a bundle: a layer-1 transaction cannot
 * (its bytes are JSON), and what is itself an assignment would be taken for a slot.
 */
async function assignedItem(
  { items }: RollupDeps,
  { assignment, message }: LogEntry,
  besideBytesMax: number,
): Promise<Item | undefined> {
  if (message !== undefined) return undefined
  const item = await items.keptItem(assignment.messageId)
  if (item === undefined || item.bytes.length > besideBytesMax) return undefined
  const isItem = item.bytes[0] !== openingBrace && tagValue(item.tags, 'Type') !== 'Assignment'
  return isItem ? item : undefined
}

type ReadSlot = {
  readonly entry: LogEntry
  readonly resultDigest?: Uint8Array
  readonly chain?: Uint8Array
}

async function* readSlots(deps: RollupDeps, range: Range): AsyncGenerator<ReadSlot> {
  const { processId, fromSlot, endSlot, chain } = range
  if (chain !== undefined) {
    yield* followResults(deps, processId, { slot: fromSlot, chain }, endSlot)
    return
  }
  for (let slot = fromSlot; slot < endSlot; ) {
    const entries = await deps.log.entries(processId, slot, Math.min(128, endSlot - slot))
    if (entries.length === 0) return
    for (const entry of entries) yield { entry }
    slot += entries.length
  }
}
