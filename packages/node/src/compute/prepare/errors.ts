import { HeddleError } from '@heddle/protocol/base'
import { callStack } from '@heddle/protocol/params'

/** The message took more gas than it may. The same text on every machine: it is in the result. */
export function guestOutOfGas(limit: number): HeddleError {
  return new HeddleError(
    'guest-out-of-gas',
    'exhausted',
    `out of gas: the message takes more than ${limit} units. Do less per message, or spawn with ` +
      'a higher Compute-Limit.',
    { limit },
  )
}

/** The module failed after it was refused memory. */
export function guestOutOfMemory(limitBytes: number): HeddleError {
  return new HeddleError(
    'guest-out-of-memory',
    'exhausted',
    `out of memory: the process may have ${limitBytes} bytes. Keep less, or spawn with a higher ` +
      'Memory-Limit.',
    { limitBytes },
  )
}

/** Calls went too deep. */
export function guestStackOverflow(): HeddleError {
  return new HeddleError(
    'guest-stack-overflow',
    'exhausted',
    `stack overflow: calls stand more than ${callStack.bytes} bytes deep in each other. Recurse less.`,
    { limitBytes: callStack.bytes },
  )
}
