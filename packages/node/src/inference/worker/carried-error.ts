import { type ErrorKind, errorMessage, HeddleError, isHeddleError } from '@heddle/protocol/base'
import type { CarriedError } from './protocol.ts'

/** An error as data, to be sent to another thread. */
export function carryError(error: unknown): CarriedError {
  if (isHeddleError(error)) {
    const { code, kind, message, details } = error
    return { code, kind, message, details }
  }
  return { code: 'internal', kind: 'internal', message: errorMessage(error), details: {} }
}

export function arrivedError({ code, kind, message, details }: CarriedError): HeddleError {
  return new HeddleError(code, kind as ErrorKind, message, details)
}
