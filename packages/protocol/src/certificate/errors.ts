import { HeddleError } from '../base/index.ts'

/** The bytes are not parameters of a blob, or their fields contradict each other. */
export function commitmentParameters(fault: string, details: object = {}): HeddleError {
  return new HeddleError(
    'commitment-parameters',
    'invalid',
    `${fault} Use parameters as spec/04-commitment.md writes them.`,
    { ...details },
  )
}

/** Parameters, root and fingerprints do not hash to the commitment. */
export function commitmentMismatch(): HeddleError {
  return new HeddleError(
    'commitment-mismatch',
    'invalid',
    'parameters, row root and fingerprints are not those of this commitment. Fetch them again.',
  )
}

/** The blob was committed to with another hash than the one at hand. */
export function commitmentHash(stated: number, given: number): HeddleError {
  return new HeddleError(
    'commitment-hash',
    'invalid',
    `the commitment uses hash ${stated}, the engine has hash ${given}. Use an engine for it.`,
    { stated, given },
  )
}
