import type { ErrorKind } from '../base/index.ts'

/** The one table from kinds of error to HTTP status; rooms choose kinds, never numbers. */
export const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  denied: 403,
  missing: 404,
  conflict: 409,
  exhausted: 429,
  unavailable: 503,
  internal: 500,
}

/** Status for any thrown value. */
export function statusOfError(error: unknown): number {
  const kind = error instanceof Error && 'kind' in error ? error.kind : 'internal'
  return statusOfKind[kind as ErrorKind] ?? 500
}
