import { dataMissing } from '../errors.ts'
import type { DataStore, ReadOptions, StoredData } from '../ports.ts'

/** The bytes of an item or a transaction, wherever they are. */
export type Data = {
  readonly sizeBytes: number
  /** Set where they are in memory. */
  readonly bytes?: Uint8Array
  /**
   * Bytes `fromByte` to, without, `toByte`; with `reuse` each part only until the next is asked for.
   * Throws the store's errors and `data-missing`.
   */
  read(fromByte: number, toByte: number, options?: ReadOptions): AsyncIterable<Uint8Array>
}

export function memoryData(bytes: Uint8Array): Data {
  return {
    sizeBytes: bytes.length,
    bytes,
    async *read(fromByte, toByte) {
      if (toByte > fromByte) yield bytes.subarray(fromByte, toByte)
    },
  }
}

/** Data in the store. Without a store nothing can be read of it. */
export function storedData(data: StoredData, store: DataStore | undefined): Data {
  return {
    sizeBytes: data.sizeBytes,
    read(fromByte, toByte, options) {
      if (store === undefined) throw dataMissing(data.dataRoot)
      return store.read(data, fromByte, toByte, options)
    },
  }
}

/** A part of other data, as data. */
export function sliceData(data: Data, offset: number, length: number): Data {
  if (data.bytes !== undefined) return memoryData(data.bytes.subarray(offset, offset + length))
  return {
    sizeBytes: length,
    read: (fromByte, toByte, options) => data.read(offset + fromByte, offset + toByte, options),
  }
}

/** All of a range in memory; the caller has looked at its size. */
export async function collect(data: Data, fromByte: number, toByte: number): Promise<Uint8Array> {
  if (data.bytes !== undefined) return data.bytes.subarray(fromByte, toByte)
  const bytes = new Uint8Array(toByte - fromByte)
  let at = 0
  for await (const chunk of data.read(fromByte, toByte, { reuse: true })) {
    bytes.set(chunk.subarray(0, bytes.length - at), at)
    at += chunk.length
  }
  return bytes
}
