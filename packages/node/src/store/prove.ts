import { challengedOffsets, type StorageAnswer } from '@heddle/protocol/arweave'
import { chunkMissing } from './errors.ts'
import { type ReadParts, readChunk } from './read-data.ts'
import { type DataKey, nameOf } from './record.ts'

/**
 * Answers a challenge: for every byte the nonce asks for, the chunk that holds it and its path. Throws
 * `proof-invalid`, `store-chunk-missing`, `store-chunk-damaged`.
 */
export async function prove(
  parts: ReadParts,
  data: DataKey,
  nonce: Uint8Array,
  count: number,
): Promise<StorageAnswer[]> {
  const name = nameOf(data)
  const answers: StorageAnswer[] = []
  for (const offset of challengedOffsets({ ...data, nonce, count }, parts.engine)) {
    const chunk = await readChunk(parts, name, offset)
    if (chunk === undefined) throw chunkMissing(name, offset)
    answers.push({ bytes: chunk.bytes, path: chunk.dataPath })
  }
  return answers
}
