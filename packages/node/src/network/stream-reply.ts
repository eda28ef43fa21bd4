import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'

/**
 * Sends what a route yields as it comes, at the reader's pace: the next part is asked for when the one
 * before was handed to the system, so that a source may use its memory again. A reader that leaves ends
 * the source (`return()`); a source that throws breaks the connection, so that half an answer is never
 * taken for a whole one.
 */
export function sendStream(
  reply: FastifyReply,
  body: AsyncIterable<Uint8Array>,
  onBroken: (error: unknown) => void,
): FastifyReply {
  if (!reply.hasHeader('content-type')) reply.header('content-type', 'application/octet-stream')
  const { raw, statusCode } = reply
  raw.writeHead(statusCode, reply.getHeaders() as Record<string, string>)
  void sendParts(raw, body, onBroken)
  return reply.hijack()
}

async function sendParts(
  raw: ServerResponse,
  body: AsyncIterable<Uint8Array>,
  onBroken: (error: unknown) => void,
): Promise<void> {
  const parts = body[Symbol.asyncIterator]()
  // Not awaited: a source that waits for what never comes would never end.
  const onClose = () => void parts.return?.()?.catch(() => {})
  raw.once('close', onClose)
  if (raw.closed) onClose()
  try {
    for (let part = await parts.next(); !part.done; part = await parts.next()) {
      if (part.value.length > 0) await writeOut(raw, part.value)
    }
    raw.end()
  } catch (error) {
    // A reader that left is no fault of ours.
    if (!raw.destroyed) onBroken(error)
    raw.destroy()
  }
}

/** Resolves when the system has the bytes; rejects where the reader is gone. */
function writeOut(raw: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const onGone = () => reject(new Error('the reader left'))
    raw.once('close', onGone)
    raw.write(bytes, (error) => {
      raw.off('close', onGone)
      if (error) reject(error)
      else resolve()
    })
  })
}
