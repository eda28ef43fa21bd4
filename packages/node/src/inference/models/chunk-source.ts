import type { BlobHash } from '@heddle/protocol/merkle'
import { type ChunkList, checkChunk, chunkBytes } from '@heddle/protocol/model'
import type { WeightSource } from '../ports.ts'
import { chunkHash } from './open.ts'

/**
 * Gives one chunk, or run of chunks, of weights, which it has checked. `done` is the memory of one that
 * nobody needs any more: whoever can takes it for this one.
 */
export type ReadChunk = (index: number, done?: ArrayBufferLike) => Promise<Uint8Array>

/** Bytes asked for ahead of those being read: they arrive while weights are packed. */
const aheadBytes = 32 * chunkBytes

/** `bytes`, if they are chunk `index`; else throws `chunk-damaged`. */
export function checkedChunk(
  list: ChunkList,
  index: number,
  bytes: Uint8Array,
  sha256: BlobHash,
): Uint8Array {
  checkChunk(list, index, bytes, list.hashId === chunkHash.id ? chunkHash : sha256)
  return bytes
}

/**
 * Weights read in chunks, or in runs of `partBytes`. Reading is quick where it goes forward. Throws what
 * `readChunk` throws.
 */
export function chunkSource(
  { sizeBytes }: Pick<ChunkList, 'sizeBytes'>,
  readChunk: ReadChunk,
  partBytes = chunkBytes,
): WeightSource {
  const count = Math.ceil(sizeBytes / partBytes)
  /** Asked for and not used yet. */
  const ahead = new Map<number, Promise<Uint8Array>>()
  /** The chunk being read, checked. */
  let current: { readonly index: number; readonly bytes: Uint8Array } | undefined
  const done: ArrayBufferLike[] = []

  const ask = (index: number): Promise<Uint8Array> => {
    let chunk = ahead.get(index)
    if (chunk === undefined) {
      chunk = readChunk(index, done.pop())
      // Whoever reads it hears of it; one that is never read does not matter.
      chunk.catch(() => ahead.delete(index))
      ahead.set(index, chunk)
    }
    return chunk
  }

  const chunkAt = async (index: number): Promise<Uint8Array> => {
    if (current?.index === index) return current.bytes
    const last = Math.min(count - 1, index + aheadBytes / partBytes)
    for (const old of ahead.keys()) if (old < index || old > last) ahead.delete(old)
    for (let next = index; next <= last; next++) void ask(next)
    const bytes = await ask(index)
    ahead.delete(index)
    if (current !== undefined) done.push(current.bytes.buffer)
    current = { index, bytes }
    return bytes
  }

  return {
    sizeBytes,
    read: async (into, position) => {
      if (position + into.length > sizeBytes) throw new RangeError('read beyond the end')
      for (let filled = 0; filled < into.length; ) {
        const at = position + filled
        const index = Math.floor(at / partBytes)
        const chunk = await chunkAt(index)
        const from = at - index * partBytes
        const part = chunk.subarray(from, from + into.length - filled)
        into.set(part, filled)
        filled += part.length
      }
    },
  }
}
