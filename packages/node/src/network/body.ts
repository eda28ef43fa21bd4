import type { IncomingMessage } from 'node:http'
import { HeddleError } from '@heddle/protocol/base'
import type { BodyMemory, BodyShare } from './body-memory.ts'
import { BodyParts } from './body-parts.ts'
import type { ServerOptions } from './options.ts'

function requestGone(): HeddleError {
  return new HeddleError('request-gone', 'invalid', 'the caller left before the request was whole')
}

/** The stream of a request without one. */
export async function* noBytes(): AsyncGenerator<Uint8Array> {}

type BodyLimits = Pick<ServerOptions, 'bodyBytesMax' | 'requestTimeoutMs' | 'timer'>

function bodyTooLarge(bodyBytesMax: number): HeddleError {
  const text = `body too large: the limit is ${bodyBytesMax} bytes; send bulk data in chunks`
  return new HeddleError('body-too-large', 'invalid', text, { bodyBytesMax })
}

function requestTimeout(timeoutMs: number): HeddleError {
  const text = `the request did not arrive within ${timeoutMs} ms: send it again, faster`
  return new HeddleError('request-timeout', 'unavailable', text, { timeoutMs })
}

/** After this long a caller may try again, seconds. */
export const busyRetrySeconds = 1

/** Requests that came before take all the memory for bodies; `Retry-After` says when to come again. */
function bodiesBusy(): HeddleError {
  const text = 'the bodies of other requests take all the memory there is: try again in a moment'
  return new HeddleError('bodies-busy', 'unavailable', text)
}

/** Tells whether a request announces a body. */
export function hasBody({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/**
 * The whole body, at most `bodyBytesMax`, within `requestTimeoutMs`. Each part is counted as its share's
 * before the next is read from the socket, and given back where this rejects: with `body-too-large`, before
 * reading where the length is declared, `request-timeout`, or `bodies-busy` where it was held back and
 * is not whole in time.
 */
export function collectBody(
  request: IncomingMessage,
  limits: BodyLimits,
  memory: BodyMemory,
  share: BodyShare,
): Promise<Uint8Array> {
  const { bodyBytesMax, requestTimeoutMs, timer } = limits
  const declared = request.headers['content-length']
  if (Number(declared) > bodyBytesMax) return Promise.reject(bodyTooLarge(bodyBytesMax))
  return new Promise((resolve, reject) => {
    const parts = new BodyParts()
    let wasHeldBack = false
    const fail = (error: Error) => {
      cancel()
      request.off('data', take)
      memory.release(share)
      reject(error)
    }
    const take = (part: Uint8Array) => {
      if (parts.bytes + part.length > bodyBytesMax) return fail(bodyTooLarge(bodyBytesMax))
      parts.add(part)
      if (memory.take(share, part.length, () => request.resume())) return
      wasHeldBack = true
      request.pause()
    }
    const cancel = timer.after(requestTimeoutMs, () => {
      fail(wasHeldBack ? bodiesBusy() : requestTimeout(requestTimeoutMs))
    })
    request.on('data', take)
    request.once('end', () => {
      cancel()
      resolve(parts.join())
    })
    request.once('error', fail)
    request.once('close', () => {
      if (!request.readableEnded) fail(requestGone())
    })
  })
}

/**
 * The body as it comes, with back-pressure to the socket. Ends with `request-timeout` when nothing
 * arrives for `requestTimeoutMs`. Stopping early leaves the rest to the server.
 */
export async function* streamBody(
  request: IncomingMessage,
  { requestTimeoutMs, timer }: BodyLimits,
): AsyncGenerator<Uint8Array> {
  const parts: AsyncIterator<Uint8Array> = request.iterator({ destroyOnReturn: false })
  try {
    for (;;) {
      let cancel = () => {}
      const late = new Promise<undefined>((resolve) => {
        cancel = timer.after(requestTimeoutMs, () => resolve(undefined))
      })
      const part = await Promise.race([parts.next(), late]).finally(cancel)
      if (part === undefined) throw requestTimeout(requestTimeoutMs)
      if (part.done) return
      yield part.value
    }
  } finally {
    // Not awaited: a reader that waits for bytes that never come would never end.
    void parts.return?.()
  }
}
