import { daBlobEmpty, daBlobTooLarge } from './errors.ts'

/** A length may be a lie: memory comes with the bytes, or at once for what is usual. */
const firstBytes = 1024 * 1024

/**
 * A body as one piece, at most `bytesMax` long, in its own memory. `declaredBytes` is what the caller said
 * its length would be. Rejects with `da-blob-too-large`, before reading where that was said, and
 * `da-blob-empty`.
 */
export async function collectBlob(
  stream: AsyncIterable<Uint8Array>,
  declaredBytes: number | undefined,
  bytesMax: number,
): Promise<Uint8Array> {
  if ((declaredBytes ?? 0) > bytesMax) throw daBlobTooLarge(bytesMax)
  // Not more than was said is ever held; without a word it grows by doubling.
  const limitBytes = declaredBytes ?? bytesMax
  let held = new Uint8Array(Math.min(limitBytes, firstBytes))
  let length = 0
  for await (const part of stream) {
    const wanted = length + part.length
    if (wanted > limitBytes) throw daBlobTooLarge(limitBytes)
    if (wanted > held.length) {
      const wider = new Uint8Array(Math.min(limitBytes, Math.max(wanted, 2 * held.length)))
      wider.set(held.subarray(0, length))
      held = wider
    }
    held.set(part, length)
    length = wanted
  }
  if (length === 0) throw daBlobEmpty()
  return held.subarray(0, length)
}
