import { HeddleError } from '@heddle/protocol/base'

/** The arena has no room for another buffer. */
export function arenaExhausted(neededBytes: number, freeBytes: number): HeddleError {
  return new HeddleError(
    'arena-exhausted',
    'exhausted',
    `the erasure arena has ${freeBytes} bytes left, ${neededBytes} are needed. ` +
      'Reuse buffers, or open the engine with a larger arenaBytes.',
    { neededBytes, freeBytes },
  )
}

/** A piece is longer than the engine works on. */
export function pieceTooLong(pieceBytes: number, limitBytes: number): HeddleError {
  return new HeddleError(
    'erasure-piece-too-long',
    'invalid',
    `a piece has ${pieceBytes} bytes, the limit is ${limitBytes}. Cut the blob into more stripes.`,
    { pieceBytes, limitBytes },
  )
}
