import { HeddleError } from '@heddle/protocol/base'

/** A text that names no blob. */
export function referenceInvalid(text: string): HeddleError {
  const told =
    `"${text.slice(0, 80)}" names no blob: give its commitment (43 characters of base64url), ` +
    'for a packed one with its range: COMMITMENT:FROM-TO'
  return new HeddleError('da-reference-invalid', 'invalid', told)
}

/** The blob is not the one that was asked for, or breaks off. */
export function blobCut(commitment: string, givenBytes: number, wantedBytes: number): HeddleError {
  const text = `blob ${commitment}: ${givenBytes} of ${wantedBytes} bytes came; ask again.`
  return new HeddleError('da-blob-cut', 'unavailable', text, { commitment })
}

/** A node gave another certificate than the one of this commitment. */
export function certificateForged(commitment: string, url: string): HeddleError {
  const text = `what ${url} gave for ${commitment} is not its certificate: do not trust this node.`
  return new HeddleError('da-certificate-forged', 'invalid', text, { commitment, url })
}

/** The retention is no time. */
export function retentionInvalid(): HeddleError {
  const text = "retention: give 'permanent' or a time, e.g. { days: 30 }"
  return new HeddleError('da-retention', 'invalid', text)
}
