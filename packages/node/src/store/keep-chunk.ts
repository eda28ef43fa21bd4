import { checkPostedChunk } from '@heddle/protocol/arweave'
import { dataNameInvalid, dataTooLarge, storeUploadLost } from './errors.ts'
import type { OfferedChunk } from './face.ts'
import { type ChunkPlace, type DataKey, encodePlaces, keyOf } from './record.ts'
import type { WriteParts } from './write-data.ts'

/** See `Store.keepChunk`. */
export async function keepChunk(parts: WriteParts, offered: OfferedChunk): Promise<void> {
  const { dataRoot, dataSizeBytes, offset, dataPath: path, bytes } = offered
  const data = keyOf(dataRoot, dataSizeBytes)
  if (data === undefined) throw dataNameInvalid(`"${dataRoot.slice(0, 64)}", ${dataSizeBytes}`)
  const limitBytes = parts.options.dataBytes
  if (dataSizeBytes > limitBytes) throw dataTooLarge(dataSizeBytes, limitBytes)
  const hash = parts.engine.sha256(bytes)
  const posted = { ...data, offset, path, bytes }
  const { fromByte, toByte } = checkPostedChunk(posted, parts.engine, hash)
  parts.chunks.pin(hash)
  try {
    const place = { fromByte, toByte, hash, path }
    await parts.locks.shared(data, () => placeChunk(parts, data, place, bytes))
  } finally {
    parts.chunks.unpin(hash)
  }
}

async function placeChunk(
  parts: WriteParts,
  data: DataKey,
  place: ChunkPlace,
  bytes: Uint8Array,
): Promise<void> {
  if (isPlaced(parts, data, place.fromByte)) {
    parts.index.touch(data)
    return
  }
  const { chunks, index } = parts
  const { generation } = chunks.writer
  const places = [place]
  // Both leave together: the chunk is before its place in the same write.
  const results = await Promise.allSettled([
    chunks.keep(place.hash, bytes),
    chunks.writer.commit(encodePlaces(data, places), { kind: 'places', data, places }),
  ])
  for (const result of results) if (result.status === 'rejected') throw result.reason
  const isWhole = index.location(place.hash)?.isDamaged === false
  if (chunks.writer.generation !== generation && !isWhole) throw storeUploadLost()
}

function isPlaced({ index }: WriteParts, data: DataKey, fromByte: number): boolean {
  const piece = index.pieces(data, fromByte, 1)[0]
  return piece?.fromByte === fromByte && piece.location?.isDamaged === false
}
