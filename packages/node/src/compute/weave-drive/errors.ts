import { errorMessage, HeddleError } from '@heddle/protocol/base'

/** The log does not let the message read this: the same on every unit, so it is the message's `Error`. */
export function driveRefused(path: string, why: string): HeddleError {
  return new HeddleError(
    'weave-drive-refused',
    'invalid',
    `the drive cannot give ${path}: ${why}`,
    { path },
  )
}

/** The log lets the message read this and it is not here: nothing may be concluded, so it waits. */
export function driveMissing(
  path: string,
  processId: string,
  slot: number,
  cause?: unknown,
): HeddleError {
  const why = cause === undefined ? '' : ` (${errorMessage(cause)})`
  return new HeddleError(
    'weave-drive-missing',
    'missing',
    `slot ${slot} of ${processId} reads ${path}, which is not here, or not whole${why}: upload ` +
      'it to this node, and the process goes on.',
    { path, processId, slot },
    { cause },
  )
}

/** The attestations in a long log are still being read; the message waits until they are. */
export function driveLogUnread(processId: string, nextSlot: number, slot: number): HeddleError {
  return new HeddleError(
    'weave-drive-missing',
    'missing',
    `attestations in the log of ${processId} are read up to slot ${nextSlot} of ${slot}: the ` +
      'process goes on by itself when all are.',
    { processId, nextSlot, slot },
  )
}
