import { HeddleError } from '../base/index.ts'

/** k or n is not one the code has. */
export function erasureShape(fault: string, details: Record<string, unknown>): HeddleError {
  return new HeddleError(
    'erasure-shape',
    'invalid',
    `${fault} Use k = 16 or 64, k < n <= 256, and pieces of a multiple of 128 bytes.`,
    details,
  )
}

/** The buffers given do not have the sizes that the shape asks for. */
export function erasureLength(what: string, neededBytes: number, givenBytes: number): HeddleError {
  return new HeddleError(
    'erasure-length',
    'invalid',
    `${what} must have ${neededBytes} bytes, it has ${givenBytes}. Give whole pieces.`,
    { what, neededBytes, givenBytes },
  )
}

/** Fewer than k distinct rows of the code were given. */
export function erasureRows(fault: string, needed: number, given: number): HeddleError {
  return new HeddleError(
    'erasure-rows',
    'invalid',
    `${fault} Decoding takes ${needed} distinct rows below n; ${given} were given.`,
    { needed, given },
  )
}
