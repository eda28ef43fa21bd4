import { HeddleError } from '@heddle/protocol/base'

/** What a peer of the wide lane sent is not a request or reply as this room writes them. */
export function wireInvalid(fault: string, details: Record<string, unknown> = {}): HeddleError {
  return new HeddleError(
    'da-wire',
    'invalid',
    `the message of the wide lane is malformed: ${fault}. Use a peer of the same version.`,
    details,
  )
}
