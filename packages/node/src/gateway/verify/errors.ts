import { HeddleError } from '@heddle/protocol/base'

/** The queue is full: too many items or bytes wait for verification. */
export function verifierBusy(waitingItems: number, waitingBytes: number): HeddleError {
  return new HeddleError(
    'verifier-busy',
    'exhausted',
    `the verifier is busy: ${waitingItems} items (${waitingBytes} bytes) wait. Try again soon.`,
    { waitingItems, waitingBytes },
  )
}

/** The thread that had the item ended before it answered; nothing is known about the signature. */
export function verifierCrashed(reason: string): HeddleError {
  return new HeddleError(
    'verifier-crashed',
    'unavailable',
    `the item was neither accepted nor refused: its thread ended (${reason}). Send it again.`,
    { reason },
  )
}

/** The verifier was closed before the item was verified. */
export function verifierClosed(): HeddleError {
  return new HeddleError(
    'verifier-closed',
    'unavailable',
    'the node is stopping and verifies no more items. Send the item to it again once it is back.',
  )
}
