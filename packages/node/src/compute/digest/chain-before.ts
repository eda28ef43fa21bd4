import type { CryptoEngine } from '@heddle/protocol/crypto'
import { digestResult, resultChainNext, resultChainStart } from '@heddle/protocol/digest'
import { logUnreadable } from '../errors.ts'
import type { ProcessLog } from '../ports.ts'
import type { ResultLog } from '../results/result-log.ts'

type ChainDependencies = {
  readonly log: Pick<ProcessLog, 'entries'>
  readonly results: Pick<ResultLog, 'heads' | 'readMany'>
  readonly engine: CryptoEngine
}

/** Results read at once where their chain was never written. */
const pageSlots = 256

/**
 * The result chain before `slot`, all slots before which are durable. It is read from the record;
 * records from before there were chains are followed from the start, once per process and start.
 */
export async function chainBefore(
  dependencies: ChainDependencies,
  processId: string,
  slot: number,
): Promise<Uint8Array> {
  const { results, engine } = dependencies
  if (slot === 0) return resultChainStart(processId, engine)
  for await (const head of results.heads(processId, slot - 1, slot)) {
    if (head.resultChain !== undefined) return head.resultChain
  }
  return await followRecords(dependencies, processId, slot)
}

async function followRecords(
  { log, results, engine }: ChainDependencies,
  processId: string,
  toSlot: number,
): Promise<Uint8Array> {
  let chain = resultChainStart(processId, engine)
  let slot = 0
  while (slot < toSlot) {
    const limit = Math.min(pageSlots, toSlot - slot)
    const entries = await log.entries(processId, slot, limit)
    const evaluations = await results.readMany(processId, slot, entries.length)
    if (evaluations.length === 0) throw logUnreadable(processId, slot)
    for (const [i, { result }] of evaluations.entries()) {
      const assignmentId = entries[i]?.assignment.item.id
      if (assignmentId === undefined) throw logUnreadable(processId, slot)
      const resultDigest = digestResult(result, engine)
      chain = resultChainNext(chain, { assignmentId, resultDigest }, engine)
      slot++
    }
  }
  return chain
}
