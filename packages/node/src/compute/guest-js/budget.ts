import { environmentTags } from '../prepare/compute-limit.ts'

/** Steps (loop turns, calls) between two interrupt checks of the engine: QuickJS's constant. */
export const checkSteps = 10_000

/** `Compute-Limit` of the module: steps one message may take. A few seconds of an endless loop. */
export const defaultComputeLimit = 100_000_000

/**
 * Reads how many checks an evaluation may use from the environment: the process's `Compute-Limit`
 * tag, else the module's, else the default. The last answer is kept, as one process asks again.
 */
export function createBudget(): (environmentJson: string) => number {
  let known = ''
  let checks = Math.floor(defaultComputeLimit / checkSteps)
  return (environmentJson) => {
    if (environmentJson !== known) {
      checks = Math.max(1, Math.floor(readComputeLimit(environmentJson) / checkSteps))
      known = environmentJson
    }
    return checks
  }
}

function readComputeLimit(environmentJson: string): number {
  for (const text of environmentTags(environmentJson, 'Compute-Limit')) {
    const limit = Number(text)
    if (Number.isSafeInteger(limit) && limit > 0) return limit
  }
  return defaultComputeLimit
}
