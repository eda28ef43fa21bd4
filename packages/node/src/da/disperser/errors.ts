import { HeddleError } from '@heddle/protocol/base'
import type { StorerReport } from './tally.ts'

/** Too many storers failed for a certificate. The reports name each. */
export function notCertified(
  rowsSigned: number,
  rowsNeeded: number,
  storers: readonly StorerReport[],
): HeddleError {
  const failed = storers.filter(({ state }) => state === 'failed' || state === 'lied')
  // Such a promise they refuse the next time too.
  const isRefused = failed.length > 0 && failed.every(({ fault }) => fault === 'storer-retention')
  const advice = isRefused
    ? 'They keep nothing for that long: ask for a shorter retention.'
    : 'Try again when they are back.'
  const named = failed.slice(0, 5).map(({ storer, fault }) => `${storer.slice(0, 8)}… ${fault}`)
  return new HeddleError(
    'da-not-certified',
    isRefused ? 'invalid' : 'unavailable',
    `storers signed for ${rowsSigned} rows, ${rowsNeeded} are needed. ${failed.length} of ` +
      `${storers.length} storers failed (${named.join('; ')}). ${advice}`,
    { rowsSigned, rowsNeeded, storers },
  )
}

/** The blob has no bytes or too many. */
export function blobLength(lengthBytes: number, lengthBytesMax: number): HeddleError {
  return new HeddleError(
    'da-blob-length',
    'invalid',
    `a blob has 1 to ${lengthBytesMax} bytes, not ${lengthBytes}. Cut it into several.`,
    { lengthBytes, lengthBytesMax },
  )
}

/** More is waiting to be encoded than the disperser holds. */
export function disperserBusy(waitingBytes: number): HeddleError {
  return new HeddleError(
    'da-busy',
    'unavailable',
    `${waitingBytes} bytes wait to be published already. Send again in a moment.`,
    { waitingBytes },
  )
}

/** The encoder could not work on the blob, most likely for want of memory. */
export function encoderFailed(message: string): HeddleError {
  return new HeddleError(
    'da-encoder-failed',
    'unavailable',
    `the blob could not be encoded: ${message}. Send it again, or in smaller parts.`,
  )
}

/** Asked after `close`, or an encoder thread ended. */
export function disperserClosed(cause?: unknown): HeddleError {
  return new HeddleError(
    'da-closed',
    'unavailable',
    'the disperser is closed or its encoder ended. Start the node again.',
    {},
    { cause },
  )
}
