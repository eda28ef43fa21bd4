import type { IncomingMessage } from 'node:http'

/** What is read and thrown away of a body that is refused, so that its sender can read why. */
const drainedBytesMax = 64 * 1024 * 1024

/**
 * Takes in the rest of a refused body without keeping it. A client that is still writing when the
 * connection closes sees a broken pipe instead of the answer. Gives up beyond 64 MiB, and the server's
 * own request timeout ends a sender that stops.
 */
export function drainBody(request: IncomingMessage): Promise<void> {
  if (Number(request.headers['content-length'] ?? 0) > drainedBytesMax) return Promise.resolve()
  return new Promise((resolve) => {
    let drainedBytes = 0
    request.on('data', (chunk: Uint8Array) => {
      drainedBytes += chunk.length
      if (drainedBytes > drainedBytesMax) resolve()
    })
    for (const event of ['end', 'close', 'error']) request.once(event, () => resolve())
    request.resume()
  })
}
