import { type ErrorKind, errorMessage, HeddleError } from '@heddle/protocol/base'

/** An error as it crosses threads; `code` and `kind` are absent where it was no `HeddleError`. */
export type CarriedError = {
  readonly message: string
  readonly code?: string
  readonly kind?: ErrorKind
  readonly details?: Readonly<Record<string, unknown>>
}

export function carryError(error: unknown): CarriedError {
  const message = errorMessage(error)
  if (!(error instanceof HeddleError)) return { message }
  const { code, kind, details } = error
  return { message, code, kind, ...(details === undefined ? {} : { details }) }
}

/** The error as it was thrown on the other side. */
export function arrivedError({ message, code, kind, details }: CarriedError): Error {
  if (code === undefined || kind === undefined) return new Error(message)
  return new HeddleError(code, kind, message, details)
}
