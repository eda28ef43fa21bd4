/**
 * One kind per way a caller can react. The HTTP edge maps kinds, never codes, to a status, so a room
 * may add codes without the edge knowing them.
 */
export type ErrorKind =
  | 'invalid' // the input is wrong; sending it again will not help
  | 'denied' // the caller may not do this
  | 'missing' // what was named is not known here
  | 'conflict' // it contradicts what is already there
  | 'exhausted' // a limit or quota was reached
  | 'unavailable' // it may work later
  | 'internal' // our fault

/** An error as data: `code` is stable and documented, `message` says what is wrong and what to do. */
export class HeddleError extends Error {
  /** Stable name of what is wrong. */
  readonly code: string
  /** How a caller can react. */
  readonly kind: ErrorKind
  /** What the error is about: ids, limits, what was given. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: string,
    kind: ErrorKind,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    options: { cause?: unknown } = {},
  ) {
    super(message, options)
    this.name = 'HeddleError'
    this.code = code
    this.kind = kind
    this.details = details
  }
}

/** Tells whether `error` is ours, optionally with this code. Safe on any thrown value. */
export function isHeddleError(error: unknown, code?: string): error is HeddleError {
  return error instanceof HeddleError && (code === undefined || error.code === code)
}

/** The one-line text of any thrown value. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** States what must hold whatever the input; a failure is our own mistake and is never caught. */
export function assert(condition: unknown, what: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${what}`)
}
