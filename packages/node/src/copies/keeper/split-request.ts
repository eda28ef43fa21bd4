import { copyLimits } from '@heddle/protocol/copies'
import { copyRequestInvalid } from '../errors.ts'

const lengthBytes = 4

/** A request as it travels: u32le length, the signed request, the data behind it. */
export type SplitRequest = {
  readonly statement: Uint8Array
  /** The data as it comes. */
  readonly data: AsyncIterable<Uint8Array>
  /** Lets go of the stream, read to its end or not. */
  close(): Promise<void>
}

/** What goes before the data. */
export function frameRequest(statement: Uint8Array): Uint8Array {
  const framed = new Uint8Array(lengthBytes + statement.length)
  new DataView(framed.buffer).setUint32(0, statement.length, true)
  framed.set(statement, lengthBytes)
  return framed
}

/** Reads the request off a stream. Throws `copy-request-invalid`; reads no more than a request may have. */
export async function splitRequest(stream: AsyncIterable<Uint8Array>): Promise<SplitRequest> {
  const parts = stream[Symbol.asyncIterator]()
  let have = new Uint8Array(0)
  const close = async () => void (await parts.return?.())
  const take = async (wanted: number) => {
    while (have.length < wanted) {
      const next = await parts.next()
      if (next.done) throw copyRequestInvalid('the request is cut short')
      have = new Uint8Array(Buffer.concat([have, next.value]))
    }
    const taken = have.subarray(0, wanted)
    have = have.subarray(wanted)
    return taken
  }
  try {
    const head = await take(lengthBytes)
    const length = new DataView(head.buffer, head.byteOffset).getUint32(0, true)
    if (length > copyLimits.requestBytes) {
      throw copyRequestInvalid(`a request has at most ${copyLimits.requestBytes} bytes`)
    }
    const statement = await take(length)
    return { statement, data: rest(have, parts), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function* rest(
  first: Uint8Array,
  parts: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first.length > 0) yield first
  for (let next = await parts.next(); !next.done; next = await parts.next()) yield next.value
}
