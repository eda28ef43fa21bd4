import { concatBytes } from '../base/index.ts'
import { pathLimits } from './derive.ts'
import { segmentFrameInvalid } from './errors.ts'
import type { BlobLayout } from './parameters.ts'
import { type RowSegment, segmentStripes } from './verify-segment.ts'

/** segment (4) ‖ row (2) ‖ bytes of the row's path (2) ‖ of the segment's (2), little-endian. */
const headBytes = 10

/**
 * One row of a segment with all that proves it, as parts to be sent one after another: head, both
 * paths, pieces. How many pieces and how long they are follows from the blob's parameters.
 */
export function encodeSegmentFrame(given: RowSegment): Uint8Array[] {
  const { row, segment, rowPath, segmentPath, pieces } = given
  const head = new Uint8Array(headBytes)
  const view = new DataView(head.buffer)
  view.setUint32(0, segment, true)
  view.setUint16(4, row, true)
  view.setUint16(6, rowPath.length, true)
  view.setUint16(8, segmentPath.length, true)
  return [concatBytes([head, rowPath, segmentPath]), ...pieces]
}

/**
 * Reads frames off a stream cut anywhere. Lengths are checked before anything is kept for them; what
 * a frame holds is for `verifyRowSegment`. Throws `da-segment-frame`, also where the stream ends
 * within a frame.
 */
export async function* readSegmentFrames(
  layout: BlobLayout,
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<RowSegment> {
  const bytes = new StreamReader(stream)
  const { rowPathBytesMax, piecePathBytesMax } = pathLimits(layout)
  try {
    for (let head = await bytes.take(headBytes); head !== undefined; ) {
      const view = new DataView(head.buffer, head.byteOffset, headBytes)
      const [segment, row] = [view.getUint32(0, true), view.getUint16(4, true)]
      const [rowPathBytes, segmentPathBytes] = [view.getUint16(6, true), view.getUint16(8, true)]
      const fits =
        segment < layout.segments &&
        row < layout.n &&
        rowPathBytes <= rowPathBytesMax &&
        segmentPathBytes <= piecePathBytesMax
      if (!fits) throw segmentFrameInvalid('its head does not fit the blob')
      const { count } = segmentStripes(layout, segment)
      const pathBytes = rowPathBytes + segmentPathBytes
      const body = await bytes.take(pathBytes + count * layout.pieceBytes)
      if (body === undefined) throw segmentFrameInvalid('it ends too early')
      const pieces = Array.from({ length: count }, (_, at) => {
        const from = pathBytes + at * layout.pieceBytes
        return body.subarray(from, from + layout.pieceBytes)
      })
      const rowPath = body.subarray(0, rowPathBytes)
      const segmentPath = body.subarray(rowPathBytes, pathBytes)
      yield { row, segment, rowPath, segmentPath, pieces }
      head = await bytes.take(headBytes)
    }
  } finally {
    await bytes.stop()
  }
}

/** Takes so many bytes at a time off a stream of parts. */
class StreamReader {
  readonly #parts: AsyncIterator<Uint8Array>
  #rest: Uint8Array = new Uint8Array(0)

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#parts = stream[Symbol.asyncIterator]()
  }

  /** A copy of the next bytes; undefined at the end. Throws where it ends before all are there. */
  async take(count: number): Promise<Uint8Array | undefined> {
    const taken = new Uint8Array(count)
    let filled = 0
    while (filled < count) {
      if (this.#rest.length === 0) {
        const next = await this.#parts.next()
        if (next.done) {
          if (filled === 0) return undefined
          throw segmentFrameInvalid('it ends too early')
        }
        this.#rest = new Uint8Array(next.value.buffer, next.value.byteOffset, next.value.length)
        continue
      }
      const part = this.#rest.subarray(0, count - filled)
      taken.set(part, filled)
      filled += part.length
      this.#rest = this.#rest.subarray(part.length)
    }
    return taken
  }

  async stop(): Promise<void> {
    await this.#parts.return?.()
  }
}
