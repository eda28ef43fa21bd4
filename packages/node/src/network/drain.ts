import type { IncomingMessage } from 'node:http'
import type { ServerOptions } from './options.ts'

/** What is read and thrown away of a body that is refused, so that its sender can read why. */
const drainedBytesMax = 64 * 1024 * 1024

/**
 * Takes in the rest of an unread body without keeping it. A client that is still writing when the
 * connection closes sees a broken pipe instead of the answer. Resolves with false where that would be
 * more than 64 MiB or takes longer than a request may: the connection is then good for nothing more.
 */
export function drainBody(
  request: IncomingMessage,
  { timer, requestTimeoutMs }: Pick<ServerOptions, 'timer' | 'requestTimeoutMs'>,
): Promise<boolean> {
  if (request.readableEnded || request.destroyed) return Promise.resolve(true)
  if (Number(request.headers['content-length'] ?? 0) > drainedBytesMax) {
    return Promise.resolve(false)
  }
  return new Promise((resolve) => {
    let drainedBytes = 0
    const end = (isDrained: boolean) => {
      cancel()
      resolve(isDrained)
    }
    const cancel = timer.after(requestTimeoutMs, () => end(false))
    request.on('data', (chunk: Uint8Array) => {
      drainedBytes += chunk.length
      if (drainedBytes > drainedBytesMax) end(false)
    })
    for (const event of ['end', 'close', 'error']) request.once(event, () => end(true))
    request.resume()
  })
}
