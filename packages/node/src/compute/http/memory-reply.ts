import type { RouteReply } from '../../network/index.ts'
import { requestInvalid } from '../errors.ts'
import type { Evaluation } from '../face.ts'
import { decodeImage } from '../guest/image.ts'
import { imagePageBytes } from '../guest/ports.ts'

/** Memory sent in one reply; a young aos process has 105 MiB, nearly all of it zeros. */
const memoryBytesMax = 1024 ** 3

/** Raw linear memory with AO's headers. Nothing was evaluated yet: no memory, an empty body. */
export function memoryReply(evaluation: Evaluation, image: Uint8Array | undefined): RouteReply {
  const headers = {
    'content-type': 'application/octet-stream',
    'Last-Timestamp': String(evaluation.timestampMs),
    'Last-Ordinate': String(evaluation.slot),
    'Last-Block-Height': String(evaluation.blockHeight),
  }
  if (image === undefined) return { status: 200, headers, body: new Uint8Array(0) }
  return { status: 200, headers, body: expand(image) }
}

function expand(encoded: Uint8Array): Uint8Array {
  const image = decodeImage(encoded, Number.MAX_SAFE_INTEGER)
  if (image.byteLength > memoryBytesMax) {
    throw requestInvalid(`the memory has ${image.byteLength} bytes: too many for one reply`)
  }
  const memory = new Uint8Array(image.byteLength)
  image.indexes.forEach((page, i) => {
    const from = i * imagePageBytes
    memory.set(image.pages.subarray(from, from + imagePageBytes), page * imagePageBytes)
  })
  return memory
}
