import { errorMessage } from '@heddle/protocol/base'
import type { CryptoEngine } from '@heddle/protocol/crypto'
import { digestBytes, readAttestation } from '@heddle/protocol/digest'
import { type Item, ownerAddress, parseBundle, tagValue } from '@heddle/protocol/item'
import { type LogEntry, readAssignment } from '@heddle/protocol/message'
import { rollupInvalid } from './errors.ts'
import { digestsType } from './statement.ts'

/** What the scheduler's node states of the results of a range. */
export type Attested = {
  readonly fromSlot: number
  readonly toSlot: number
  readonly resultChain: Uint8Array
  /** 32 bytes a slot; empty where they do not come along. */
  readonly digests: Uint8Array
}

/** What a rollup's data holds, in order of slot. Signatures are not checked yet. */
export type RollupParts = {
  readonly entries: readonly LogEntry[]
  /** Items that were assigned by their id, which stand before the slots. */
  readonly beside: readonly Item[]
  readonly attestation: Item | undefined
  readonly digests: Item | undefined
}

/** Takes a rollup's data apart. Throws `rollup-invalid`. */
export function readRollup(
  bytes: Uint8Array,
  processId: string,
  engine: CryptoEngine,
): RollupParts {
  const items = attempt(processId, () => parseBundle(bytes, engine))
  const isSlot = (item: Item) =>
    tagValue(item.tags, 'Process') === processId && tagValue(item.tags, 'Type') === 'Assignment'
  const start = Math.max(0, items.findIndex(isSlot))
  const entries: LogEntry[] = []
  let attestation: Item | undefined
  let digests: Item | undefined
  for (const [at, item] of items.entries()) {
    if (at < start || tagValue(item.tags, 'Process') !== processId) continue
    const type = tagValue(item.tags, 'Type')
    if (isSlot(item)) {
      const assignment = attempt(processId, () => readAssignment(item, engine))
      // Right behind it is its message; what was assigned by id has none there.
      const next = items[at + 1]
      const message = next?.id === assignment.messageId ? next : undefined
      entries.push({ assignment, message })
    } else if (type === 'Result-Attestation') attestation = item
    else if (type === digestsType) digests = item
  }
  if (entries.length === 0) throw rollupInvalid(processId, 'it holds no slot of the process')
  return { entries, beside: items.slice(0, start), attestation, digests }
}

/**
 * What the results are stated to be, by the key that schedules the process; undefined where that is not
 * said. Throws `rollup-invalid` where it is said wrongly.
 */
export async function readAttested(
  { entries, attestation, digests }: RollupParts,
  processId: string,
  scheduler: string,
  engine: CryptoEngine,
  verify: (item: Item) => Promise<boolean>,
): Promise<Attested | undefined> {
  if (attestation === undefined) return undefined
  const { slot, resultChain } = attempt(processId, () => readAttestation(attestation))
  const [first, last] = [entries[0]?.assignment.slot, entries.at(-1)?.assignment.slot]
  const isOurs = async (item: Item) =>
    ownerAddress(item, engine) === scheduler && (await verify(item))
  if (!(await isOurs(attestation)) || slot !== last || first === undefined) {
    throw rollupInvalid(processId, 'its attestation is not the scheduler’s word on its last slot')
  }
  const isWhole = digests?.data.length === digestBytes * entries.length
  const given = isWhole && digests && (await isOurs(digests)) ? digests.data : new Uint8Array(0)
  return { fromSlot: first, toSlot: slot, resultChain, digests: given }
}

function attempt<Value>(processId: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    throw rollupInvalid(processId, errorMessage(error), error)
  }
}
