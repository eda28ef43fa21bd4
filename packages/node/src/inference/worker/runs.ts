import { chunkBytes } from '@heddle/protocol/model'

/** Chunks that lie one after another in the weights, from chunk `first` on. */
export type ChunkRun = { readonly first: number; readonly count: number }

/**
 * Chunks come to the thread in runs: to hand memory over and to wake the thread cost as much as checking
 * a chunk does.
 */
const runChunks = 8

export const runBytes = runChunks * chunkBytes

/** Run `index` of weights of `sizeBytes`; the last may be shorter. */
export function chunkRun(sizeBytes: number, index: number): ChunkRun {
  const first = index * runChunks
  return { first, count: Math.min(runChunks, Math.ceil(sizeBytes / chunkBytes) - first) }
}
