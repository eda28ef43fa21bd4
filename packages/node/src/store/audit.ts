import { errorMessage, isHeddleError } from '@heddle/protocol/base'
import type { Random } from '../runtime/index.ts'
import type { ChunkBytes } from './chunk-bytes.ts'
import type { AuditFault, AuditReport } from './face.ts'
import { type ReadParts, readPiece } from './read-data.ts'
import { type DataKey, nameOf } from './record.ts'
import { bytesOf, numberOf, type Piece, type StoreIndex } from './store-index.ts'

export type AuditParts = Pick<ReadParts, 'engine' | 'index'> & {
  readonly chunks: ChunkBytes
  readonly random: Random
}

/** A report names at most this many; the count of what was checked tells the rest. */
const faultsMax = 1000

/**
 * Recalls chunks drawn at random, with repeats, from the disk (never from memory), and checks each to
 * its root.
 */
export async function audit(parts: AuditParts, count: number): Promise<AuditReport> {
  let checkedChunks = 0
  let checkedBytes = 0
  const faults: AuditFault[] = []
  for (let i = 0; i < count; i++) {
    const drawn = drawPiece(parts.index, parts.random)
    if (drawn === undefined) break
    const { data, piece } = drawn
    checkedChunks++
    checkedBytes += piece.toByte - piece.fromByte
    const error = await findFault(parts, data, piece)
    if (error === undefined || faults.length >= faultsMax) continue
    const code = isHeddleError(error) ? error.code : 'store-disk-failed'
    const fault = { code, message: errorMessage(error), offset: piece.fromByte }
    faults.push({ ...nameOf(data), ...fault })
  }
  return { checkedChunks, checkedBytes, faults }
}

async function findFault(parts: AuditParts, data: DataKey, piece: Piece): Promise<unknown> {
  try {
    parts.chunks.uncache(piece.hash)
    await readPiece(parts, data, piece)
    return undefined
  } catch (error) {
    return error
  }
}

/** A piece drawn by its number; gaps left by what was forgotten favour who stands behind them. */
function drawPiece(
  index: StoreIndex,
  random: Random,
): { readonly data: DataKey; readonly piece: Piece } | undefined {
  const newest = index.all('select max(id) as id from piece')[0]?.id
  if (typeof newest !== 'number') return undefined
  const draw = Buffer.from(random.bytes(6)).readUIntBE(0, 6) / 2 ** 48
  const row = index.all(
    'select root, size, since from piece join data on data.key = piece.data ' +
      'where piece.id >= ? order by piece.id limit 1',
    1 + Math.floor(draw * newest),
  )[0]
  if (row === undefined) return undefined
  const data = { root: bytesOf(row.root), sizeBytes: numberOf(row.size) }
  const piece = index.pieces(data, numberOf(row.since), 1)[0]
  return piece && { data, piece }
}
