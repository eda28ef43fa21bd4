import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/** Bytes that may wait for a slow reader before the source is asked for more. */
const waitingBytes = 256 * 1024

/**
 * Sends what a route yields as it comes, at the reader's pace. A reader that leaves ends the source
 * (`return()`); a source that throws breaks the connection, so that half an answer is never taken for
 * a whole one.
 */
export function sendStream(
  reply: FastifyReply,
  body: AsyncIterable<Uint8Array>,
  onBroken: (error: unknown) => void,
): FastifyReply {
  const source = Readable.from(body, { objectMode: false, highWaterMark: waitingBytes })
  source.once('error', (error) => {
    if (!reply.raw.destroyed) onBroken(error)
  })
  if (!reply.hasHeader('content-type')) reply.header('content-type', 'application/octet-stream')
  return reply.send(source)
}
