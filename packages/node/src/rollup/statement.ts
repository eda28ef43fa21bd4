import { encodeBase64Url } from '@heddle/protocol/base'
import { bundleTags, type Tag } from '@heddle/protocol/item'

export const rollupType = 'Log-Rollup'
export const digestsType = 'Result-Digests'
const version = '1'

/** What a rollup states of itself in its tags: spec/09-rollup.md §2. */
export type RollupStatement = {
  readonly processId: string
  readonly fromSlot: number
  /** Included. */
  readonly toSlot: number
  /** Id of the rollup before, where there is one. */
  readonly previous: string | undefined
  /** Result chain at `toSlot`; absent where the slots were not evaluated. */
  readonly resultChain: Uint8Array | undefined
  /** A published state of the process from before this rollup. */
  readonly checkpoint: string | undefined
}

export function rollupTags(statement: RollupStatement): Tag[] {
  const { previous, checkpoint } = statement
  const tags = [...bundleTags, ...rangeTags(rollupType, statement)]
  if (previous !== undefined) tags.push({ name: 'Previous', value: previous })
  if (checkpoint !== undefined) tags.push({ name: 'Checkpoint', value: checkpoint })
  return tags
}

/** Tags of the item in a rollup whose data is the digests of its results, 32 bytes a slot. */
export function digestsTags(statement: RollupStatement): Tag[] {
  return rangeTags(digestsType, statement)
}

function rangeTags(type: string, statement: RollupStatement): Tag[] {
  const { processId, fromSlot, toSlot, resultChain } = statement
  const tags = [
    { name: 'Data-Protocol', value: 'heddle' },
    { name: 'Type', value: type },
    { name: 'Version', value: version },
    { name: 'Process', value: processId },
    { name: 'From-Slot', value: String(fromSlot) },
    { name: 'To-Slot', value: String(toSlot) },
  ]
  if (resultChain !== undefined) {
    tags.push({ name: 'Result-Chain', value: encodeBase64Url(resultChain) })
  }
  return tags
}
