import type { IncomingMessage } from 'node:http'
import { HeddleError } from '@heddle/protocol/base'
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

/**
 * The whole body, at most `bodyBytesMax`, within `requestTimeoutMs`. Rejects with `body-too-large`, before
 * reading where the length is declared, and `request-timeout`.
 */
export function collectBody(request: IncomingMessage, limits: BodyLimits): Promise<Uint8Array> {
  const { bodyBytesMax, requestTimeoutMs, timer } = limits
  const declared = request.headers['content-length']
  if (Number(declared) > bodyBytesMax) return Promise.reject(bodyTooLarge(bodyBytesMax))
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = []
    let receivedBytes = 0
    const fail = (error: Error) => {
      cancel()
      request.off('data', take)
      reject(error)
    }
    const take = (part: Uint8Array) => {
      receivedBytes += part.length
      if (receivedBytes > bodyBytesMax) return fail(bodyTooLarge(bodyBytesMax))
      parts.push(part)
    }
    const cancel = timer.after(requestTimeoutMs, () => fail(requestTimeout(requestTimeoutMs)))
    request.on('data', take)
    request.once('end', () => {
      cancel()
      resolve(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts, receivedBytes))
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
