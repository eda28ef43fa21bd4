import type { BlobHash } from '@heddle/protocol/merkle'
import { type ChunkList, checkChunk, chunkBytes, chunkRange } from '@heddle/protocol/model'
import type { WeightSource } from '../ports.ts'
import { chunkHash } from './open.ts'

/**
 * Gives one chunk of weights, which it has checked. `done` is the memory of one that nobody needs
 * any more: whoever can takes it for this one.
 */
export type ReadChunk = (index: number, done?: ArrayBufferLike) => Promise<Uint8Array>

/** Chunks asked for ahead of the one being read: they arrive while weights are packed. */
const chunksAhead = 16

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
 * Weights read in chunks. Reading is quick where it goes forward. Throws what `readChunk` throws.
 */
export function chunkSource({ sizeBytes }: ChunkList, readChunk: ReadChunk): WeightSource {
  const count = Math.ceil(sizeBytes / chunkBytes)
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
    const last = Math.min(count - 1, index + chunksAhead)
    for (const old of ahead.keys()) if (old < index || old > last) ahead.delete(old)
    // Several at once: each asking has its price.
    if (ahead.size <= chunksAhead / 2) for (let next = index; next <= last; next++) void ask(next)
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
        const index = Math.floor(at / chunkBytes)
        const { from, to } = chunkRange(sizeBytes, index)
        const part = Math.min(to - at, into.length - filled)
        const chunk = await chunkAt(index)
        into.set(chunk.subarray(at - from, at - from + part), filled)
        filled += part
      }
    },
  }
}
