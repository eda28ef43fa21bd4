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

/** What a node sent as rows of a blob is no row of it. */
export function segmentFrameInvalid(fault: string): HeddleError {
  return new HeddleError(
    'da-segment-frame',
    'invalid',
    `a row of the blob cannot be read: ${fault}. Ask again, or another node.`,
  )
}

/** The registrations or the list of storers of an epoch do not make a storer set. */
export function storerSetInvalid(fault: string): HeddleError {
  return new HeddleError(
    'storer-set',
    'invalid',
    `${fault} Take the storer set of the epoch from the base layer.`,
  )
}

/** The certificate is malformed, or does not hold against this storer set. */
export function certificateInvalid(fault: string, details: object = {}): HeddleError {
  return new HeddleError(
    'certificate',
    'invalid',
    `${fault} Treat the blob as not available (spec/05-certificate.md §4).`,
    { ...details },
  )
}
