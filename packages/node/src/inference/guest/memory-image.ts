import { concatBytes } from '@heddle/protocol/base'

/** An image of memory as compute's guests have them. */
export type GuestImage = {
  readonly byteLength: number
  readonly indexes: Uint32Array
  readonly pages: Uint8Array
  readonly hostState: Uint8Array
}

const pageBytes = 4096

/** A memory of `byteLength`, as an image has it or all zero. */
export function memoryOf(byteLength: number, image: GuestImage | undefined): Uint8Array {
  const memory = new Uint8Array(byteLength)
  for (const [i, index] of image?.indexes.entries() ?? []) {
    const from = i * pageBytes
    const page = image?.pages.subarray(from, from + pageBytes) ?? memory.subarray(0, 0)
    memory.set(page, index * pageBytes)
  }
  return memory
}

/** The pages of a memory that are not zero. */
export function captureMemory(memory: Uint8Array): GuestImage {
  const indexes: number[] = []
  for (let at = 0; at < memory.length; at += pageBytes) {
    if (memory.subarray(at, at + pageBytes).some((byte) => byte !== 0)) {
      indexes.push(at / pageBytes)
    }
  }
  const pages = concatBytes(
    indexes.map((index) => memory.subarray(index * pageBytes, (index + 1) * pageBytes)),
  )
  const hostState = new Uint8Array(0)
  return { byteLength: memory.length, indexes: Uint32Array.from(indexes), pages, hostState }
}
