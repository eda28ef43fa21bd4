import type { CheckpointDelta, StoredAt } from '../checkpoint/index.ts'
import { chainBefore } from '../digest/chain-before.ts'
import type { ProcessFacts } from './facts.ts'
import type { RestoreDependencies } from './restore.ts'

/**
 * Writes a checkpoint once the results it rests on are durable: one beyond them could never be used.
 * Rejects with the disk's error.
 */
export async function saveCheckpoint(
  dependencies: Pick<RestoreDependencies, 'checkpoints' | 'results' | 'log' | 'engine'>,
  { process, moduleId }: ProcessFacts,
  delta: CheckpointDelta,
): Promise<StoredAt> {
  const { checkpoints, results } = dependencies
  const { nextSlot } = delta
  await results.durable(process.id, nextSlot)
  const resultChain = await chainBefore(dependencies, process.id, nextSlot)
  return await checkpoints.write({ processId: process.id, moduleId }, delta, resultChain)
}
