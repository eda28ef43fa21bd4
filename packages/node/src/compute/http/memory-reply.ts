import type { RouteReply } from '../../network/index.ts'
import { requestInvalid } from '../errors.ts'
import type { Evaluation } from '../face.ts'
import { decodeImage } from '../guest/image.ts'
import { imagePageBytes, type MemoryImage } from '../guest/ports.ts'

/** Memory sent in one reply; a young aos process has 105 MiB, nearly all of it zeros. */
const memoryBytesMax = 1024 ** 3
/** Sent at once; whole pages of an image. */
const partBytes = 256 * imagePageBytes

/** Raw linear memory with AO's headers. Nothing was evaluated yet: no memory, an empty body. */
export function memoryReply(evaluation: Evaluation, encoded: Uint8Array | undefined): RouteReply {
  const headers = {
    'content-type': 'application/octet-stream',
    'Last-Timestamp': String(evaluation.timestampMs),
    'Last-Ordinate': String(evaluation.slot),
    'Last-Block-Height': String(evaluation.blockHeight),
  }
  if (encoded === undefined) return { status: 200, headers, body: new Uint8Array(0) }
  const image = decodeImage(encoded, Number.MAX_SAFE_INTEGER)
  if (image.byteLength > memoryBytesMax) {
    throw requestInvalid(`the memory has ${image.byteLength} bytes: too many for one reply`)
  }
  const length = { 'content-length': String(image.byteLength) }
  return { status: 200, headers: { ...headers, ...length }, body: expand(image) }
}

/** The memory in parts: most of it is zeros, and one reply may have a gigabyte of them. */
async function* expand({ byteLength, indexes, pages }: MemoryImage): AsyncGenerator<Uint8Array> {
  let next = 0
  for (let at = 0; at < byteLength; at += partBytes) {
    const part = new Uint8Array(Math.min(partBytes, byteLength - at))
    for (; next < indexes.length; next++) {
      const offset = (indexes[next] ?? 0) * imagePageBytes - at
      if (offset >= part.length) break
      part.set(pages.subarray(next * imagePageBytes, (next + 1) * imagePageBytes), offset)
    }
    yield part
  }
}
