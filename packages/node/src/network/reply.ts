import { statusOfError } from '@heddle/protocol/api'
import { HeddleError } from '@heddle/protocol/base'
import type { RouteReply } from './route.ts'

/**
 * Turns anything thrown into a reply. A HeddleError speaks for itself; any other error is our own
 * mistake, and its text (which may hold paths or input) stays in the log.
 */
export function replyError(
  error: unknown,
  extra: Readonly<Record<string, unknown>> = {},
): RouteReply {
  if (error instanceof HeddleError) {
    const body = { error: error.message, code: error.code, ...extra }
    return { status: statusOfError(error), body }
  }
  const text = 'internal error: the node logged the cause; report it if it happens again'
  return { status: 500, body: { error: text, code: 'internal', ...extra } }
}
