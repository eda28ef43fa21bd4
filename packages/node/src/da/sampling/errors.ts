import { HeddleError } from '@heddle/protocol/base'

/** The holder of a row did not give what was sampled; a sampler counts it as a gap. */
export function sampleMissing(row: number, why: string): HeddleError {
  const text = `row ${row} could not be sampled: ${why}. Draw again, and count this as a gap.`
  return new HeddleError('da-sample-missing', 'unavailable', text, { row, why })
}

/** No such row or stripe. */
export function sampleInvalid(row: number, stripe: number | undefined): HeddleError {
  const what = stripe === undefined ? `row ${row}` : `stripe ${stripe} of row ${row}`
  const text = `${what} is not in this blob: see n and the number of stripes in its certificate.`
  return new HeddleError('da-sample-invalid', 'invalid', text, { row, stripe })
}
