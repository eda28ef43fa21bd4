import type { WeightSource } from '../ports.ts'

/** Weights that are in memory already. */
export function bytesSource(bytes: Uint8Array): WeightSource {
  return {
    sizeBytes: bytes.length,
    read: async (into, position) => {
      if (position + into.length > bytes.length) throw new RangeError('read beyond the end')
      into.set(bytes.subarray(position, position + into.length))
    },
  }
}

type ReadableFile = {
  read(into: Uint8Array, position: number): Promise<number>
  sizeBytes(): Promise<number>
}

/** Weights in a file of the runtime's disk; the caller closes it once the model is loaded. */
export async function fileSource(file: ReadableFile): Promise<WeightSource> {
  return {
    sizeBytes: await file.sizeBytes(),
    read: async (into, position) => {
      const got = await file.read(into, position)
      if (got < into.length) throw new RangeError('the file was cut off while it was read')
    },
  }
}
