import type { CryptoEngine } from '@heddle/protocol/crypto'
import { digestResult, resultChainNext, resultChainStart } from '@heddle/protocol/digest'
import type { LogEntry } from '@heddle/protocol/message'
import type { ProcessLogs, Results } from './ports.ts'

/** Slots read at once. */
const pageSlots = 128
/** One result may have 15 MiB. */
const pageBytes = 16 * 1024 * 1024

type ChainDeps = {
  readonly log: Pick<ProcessLogs, 'entries'>
  readonly results: Pick<Results, 'evaluations'>
  readonly engine: CryptoEngine
}

/** One evaluated slot, with the chain up to it. */
export type ChainedSlot = {
  readonly entry: LogEntry
  readonly resultDigest: Uint8Array
  readonly chain: Uint8Array
}

/**
 * Follows the result chain over the durable results of a process, from `fromSlot` (before which it
 * is `chain`) up to, not including, `toSlot`. Ends early where a result is missing.
 */
export async function* followResults(
  { log, results, engine }: ChainDeps,
  processId: string,
  from: { readonly slot: number; readonly chain: Uint8Array },
  toSlot: number,
): AsyncGenerator<ChainedSlot> {
  let { slot, chain } = from
  while (slot < toSlot) {
    const entries = await log.entries(processId, slot, Math.min(pageSlots, toSlot - slot))
    if (entries.length === 0) return
    for (const end = slot + entries.length; slot < end; ) {
      const evaluations = await results.evaluations(processId, slot, end - slot, pageBytes)
      if (evaluations.length === 0) return
      for (const { result } of evaluations) {
        const entry = entries.at(slot - end)
        if (entry === undefined) return
        const resultDigest = digestResult(result, engine)
        const assignmentId = entry.assignment.item.id
        chain = resultChainNext(chain, { assignmentId, resultDigest }, engine)
        yield { entry, resultDigest, chain }
        slot++
      }
    }
  }
}

/** The chain before `slot`, followed from the start of the log. */
export async function chainBefore(
  deps: ChainDeps,
  processId: string,
  slot: number,
): Promise<Uint8Array> {
  let chain = resultChainStart(processId, deps.engine)
  const start = { slot: 0, chain }
  for await (const at of followResults(deps, processId, start, slot)) chain = at.chain
  return chain
}
