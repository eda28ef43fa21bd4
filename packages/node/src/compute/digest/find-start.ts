import { equalBytes } from '@heddle/protocol/base'
import { type CheckpointStatement, readCheckpointItem } from '@heddle/protocol/digest'
import { decodeCheckpointRecords, type PackedCheckpoint } from '../checkpoint/index.ts'
import type { CheckedUnit, VerifyRequest } from './checked-unit.ts'
import type { RunnerDependencies } from './slot-runner.ts'

/** Where a check begins: the first slot to run, the chain before it, and the state. */
export type Start = {
  readonly fromSlot: number
  readonly chain: Uint8Array
  /** Absent: a new process. */
  readonly packed: PackedCheckpoint | undefined
}

/** The unit's newest checkpoint before the slot, if it is signed and says what it is. */
export async function findStart(
  { engine, verify }: Pick<RunnerDependencies, 'engine' | 'verify'>,
  unit: Pick<CheckedUnit, 'checkpoint'>,
  { processId, slot }: Pick<VerifyRequest, 'processId' | 'slot'>,
): Promise<Start | undefined> {
  const item = await unit.checkpoint(processId, slot)
  if (item === undefined || !(await verify(item))) return undefined
  let statement: CheckpointStatement
  try {
    statement = readCheckpointItem(item)
  } catch {
    return undefined
  }
  const records = decodeCheckpointRecords(item.data, engine)
  const newest = records.at(-1)
  if (newest === undefined) return undefined
  const { claim, digest, endAt } = newest
  const { stateRoot, nextSlot, resultChain } = claim
  const isStated =
    statement.processId === processId &&
    statement.slot === nextSlot - 1 &&
    nextSlot <= slot &&
    equalBytes(statement.stateRoot, stateRoot) &&
    equalBytes(statement.resultChain, resultChain)
  if (!isStated) return undefined
  const packed = { parts: records.map(({ part }) => part), stateRoot, at: { digest, endAt } }
  return { fromSlot: nextSlot, chain: resultChain, packed }
}
