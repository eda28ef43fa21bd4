import { encodeText } from '@heddle/protocol/base'
import { nodeCrypto } from '../../runtime/index.ts'
import { environmentTags } from '../prepare/compute-limit.ts'

/** Steps (loop turns, calls) between two interrupt checks of the engine: QuickJS's constant. */
export const checkSteps = 10_000

/** `Compute-Limit` of the module: steps one message may take. A few seconds of an endless loop. */
export const defaultComputeLimit = 100_000_000

/** What an environment means for an evaluation. */
export type EnvironmentFacts = {
  /** How often the engine may ask whether to go on. */
  readonly checks: number
  /** Stands for its text, so that the actor need not be given the same text each time; 48 bits. */
  readonly digest: number
  readonly processId: string
}

/**
 * Reads environments: the limit is the process's `Compute-Limit` tag, else the module's, else the
 * default. The last answer is kept, as one process asks again.
 */
export function readEnvironments(): (environmentJson: string) => EnvironmentFacts {
  let known: string | undefined
  let facts: EnvironmentFacts = { checks: 0, digest: 0, processId: '' }
  return (environmentJson) => {
    if (environmentJson === known) return facts
    const checks = Math.max(1, Math.floor(readComputeLimit(environmentJson) / checkSteps))
    const digest = Buffer.from(nodeCrypto.sha256(encodeText(environmentJson))).readUIntBE(0, 6)
    facts = { checks, digest, processId: readProcessId(environmentJson) }
    known = environmentJson
    return facts
  }
}

/** What is no environment makes the actor fail; here it only must not throw. */
function readProcessId(environmentJson: string): string {
  try {
    const id: unknown = JSON.parse(environmentJson)?.Process?.Id
    return typeof id === 'string' ? id : ''
  } catch {
    return ''
  }
}

function readComputeLimit(environmentJson: string): number {
  for (const text of environmentTags(environmentJson, 'Compute-Limit')) {
    const limit = Number(text)
    if (Number.isSafeInteger(limit) && limit > 0) return limit
  }
  return defaultComputeLimit
}
