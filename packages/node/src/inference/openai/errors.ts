import { HeddleError, isHeddleError } from '@heddle/protocol/base'
import type { RouteReply } from '../../network/index.ts'
import { replyError } from '../../network/index.ts'

/** A field of a request is of the wrong type, out of bounds or not supported here. */
export function parameterInvalid(name: string, what: string): HeddleError {
  return new HeddleError('parameter-invalid', 'invalid', `${name}: ${what}`, { param: name })
}

/** Our codes by the names OpenAI's clients know. */
const namesOfCodes: Readonly<Record<string, string>> = {
  'unknown-model': 'model_not_found',
  'context-exceeded': 'context_length_exceeded',
  'inference-busy': 'rate_limit_exceeded',
}

/** Refusals that another try will not help are 400 here, whatever limit they name. */
const ownFaults = new Set(['context-exceeded', 'gas-exhausted', 'text-too-long', 'model-too-large'])

function typeOf(status: number): string {
  if (status === 429) return 'rate_limit_error'
  return status < 500 ? 'invalid_request_error' : 'server_error'
}

export type ErrorBody = {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string
  }
}

/** Anything thrown, in the shape OpenAI's clients read. */
export function openAiError(error: unknown): RouteReply & { readonly body: ErrorBody } {
  const plain = replyError(error)
  const isOwn = isHeddleError(error) && ownFaults.has(error.code)
  const status = isOwn ? 400 : plain.status
  const { error: message, code } = plain.body as { error: string; code: string }
  const param = isHeddleError(error) ? error.details.param : undefined
  return {
    status,
    body: {
      error: {
        message,
        type: typeOf(status),
        param: typeof param === 'string' ? param : null,
        code: namesOfCodes[code] ?? code,
      },
    },
  }
}
