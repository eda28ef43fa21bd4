import { encodeBase64Url, equalBytes } from '@heddle/protocol/base'
import { digestBytes, resultChainStart } from '@heddle/protocol/digest'
import { followResults } from './chain.ts'
import type { RollupDeps } from './ports.ts'
import type { Attested } from './read-rollup.ts'

/** What running a log again gave, against what its rollups say it gave. */
export type Check = {
  /** Newest slot with a statement to compare with; undefined where there was none. */
  readonly checkedTo: number | undefined
  readonly equal: boolean | undefined
  /** The chain here at `checkedTo`, and the stated one. Base64url. */
  readonly resultChain: string | undefined
  readonly statedChain: string | undefined
  /** First slot that gave something else, as near as the rollups tell. */
  readonly differsAt: { readonly fromSlot: number; readonly toSlot: number } | undefined
}

/**
 * Waits until all slots that rollups speak of are evaluated and compares the chains, each at the end of
 * its range. Rejects with what keeps the process from being evaluated, or the signal's reason.
 */
export async function checkResults(
  deps: Pick<RollupDeps, 'log' | 'results' | 'engine'>,
  processId: string,
  attested: readonly Attested[],
  signal: AbortSignal,
): Promise<Check> {
  const stated = [...attested].sort((a, b) => a.toSlot - b.toSlot)
  const newest = stated.at(-1)
  if (newest === undefined) return nothingStated
  await deps.results.result(processId, newest.toSlot, signal)
  const start = { slot: 0, chain: resultChainStart(processId, deps.engine) }
  let own = start.chain
  let at = 0
  for await (const slot of followResults(deps, processId, start, newest.toSlot + 1)) {
    own = slot.chain
    const number = slot.entry.assignment.slot
    const given = stated[at]
    if (given !== undefined && !sameDigest(given, number, slot.resultDigest)) {
      return differs(newest, own, { fromSlot: number, toSlot: number })
    }
    for (let one = stated[at]; one?.toSlot === number; one = stated[++at]) {
      if (equalBytes(one.resultChain, own)) continue
      return differs(newest, own, { fromSlot: one.fromSlot, toSlot: one.toSlot })
    }
    signal.throwIfAborted()
  }
  return { ...facts(newest, own), equal: true, differsAt: undefined }
}

const nothingStated: Check = {
  checkedTo: undefined,
  equal: undefined,
  resultChain: undefined,
  statedChain: undefined,
  differsAt: undefined,
}

function sameDigest({ fromSlot, digests }: Attested, slot: number, own: Uint8Array): boolean {
  const place = (slot - fromSlot) * digestBytes
  if (place < 0 || place >= digests.length) return true
  return equalBytes(digests.subarray(place, place + digestBytes), own)
}

function differs(newest: Attested, own: Uint8Array, differsAt: Check['differsAt']): Check {
  return { ...facts(newest, own), equal: false, differsAt }
}

function facts(newest: Attested, own: Uint8Array) {
  return {
    checkedTo: newest.toSlot,
    resultChain: encodeBase64Url(own),
    statedChain: encodeBase64Url(newest.resultChain),
  }
}
