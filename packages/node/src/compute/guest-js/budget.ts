import { encodeBase64Url, encodeText } from '@heddle/protocol/base'
import { nodeCrypto } from '../../runtime/index.ts'
import { environmentTags } from '../prepare/compute-limit.ts'

/** Steps (loop turns, calls) between two interrupt checks of the engine: QuickJS's constant. */
export const checkSteps = 10_000

/** `Compute-Limit` of the module: steps one message may take. A few seconds of an endless loop. */
export const defaultComputeLimit = 100_000_000

/** What an environment means for an evaluation. */
type EnvironmentFacts = {
  /** How often the engine may ask whether to go on. */
  readonly checks: number
  /** Stands for its text: a digest, so that the actor need not be given the same text each time. */
  readonly name: string
}

/**
 * Reads environments: the limit is the process's `Compute-Limit` tag, else the module's, else the
 * default. The last answer is kept, as one process asks again.
 */
export function readEnvironments(): (environmentJson: string) => EnvironmentFacts {
  let known: string | undefined
  let facts: EnvironmentFacts = { checks: 0, name: '' }
  return (environmentJson) => {
    if (environmentJson === known) return facts
    const checks = Math.max(1, Math.floor(readComputeLimit(environmentJson) / checkSteps))
    facts = { checks, name: encodeBase64Url(nodeCrypto.sha256(encodeText(environmentJson))) }
    known = environmentJson
    return facts
  }
}

function readComputeLimit(environmentJson: string): number {
  for (const text of environmentTags(environmentJson, 'Compute-Limit')) {
    const limit = Number(text)
    if (Number.isSafeInteger(limit) && limit > 0) return limit
  }
  return defaultComputeLimit
}
