import { errorMessage, HeddleError, isHeddleError } from '@heddle/protocol/base'

/** Durable on this node, and not yet signed for by enough storers. */
export function slotNotCertified(processId: string, slot: number, cause?: unknown): HeddleError {
  const why = cause === undefined ? '' : ` (the last try: ${reasonOf(cause)})`
  const text =
    `slot ${slot} of process ${processId} is durable here and not yet certified${why}. It is tried ` +
    `again until it is: see GET /su/availability/${processId}, or send the same item again.`
  return new HeddleError('slot-not-certified', 'unavailable', text, { processId, slot }, { cause })
}

/** Bytes of storers or of a file are no part of this log, or the log does not hold together. */
export function logPartInvalid(processId: string, what: string, cause?: unknown): HeddleError {
  const text = `the log of ${processId} cannot be rebuilt: ${what}. Ask for other certificates.`
  return new HeddleError('log-part-invalid', 'invalid', text, { processId }, { cause })
}

/** A range of slots whose form is wrong. */
export function rangeInvalid(what: string): HeddleError {
  const text = `a certified range: ${what}. Take what GET /su/availability/PROCESS gives.`
  return new HeddleError('certified-range-invalid', 'invalid', text)
}

/** The code of an error: its text may be long, or of this machine only. */
function reasonOf(cause: unknown): string {
  return isHeddleError(cause) ? cause.code : errorMessage(cause)
}
