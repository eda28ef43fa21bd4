import { type CommitmentEngine, piecePathIn, segmentStripes } from '@heddle/protocol/certificate'
import { layout } from '@heddle/protocol/params'
import type { LaneHandler } from '../lane/lane.ts'
import { decodeGetPieces, encodePiecesReply } from '../wire/get-pieces.ts'
import { decodeGetRows, encodeRowsReply } from '../wire/get-rows.ts'
import { decodeGetHeader, encodeHeaderReply, joinHeader, zBytes } from '../wire/header.ts'
import { requestKinds, wireLimits } from '../wire/kinds.ts'
import { piecesOf, type SentRow } from '../wire/put-rows.ts'
import { blobUnknown, fingerprintsDamaged, termsRefused } from './errors.ts'
import { type Held, readFingerprints, readRowParts } from './held.ts'
import type { RowIndex } from './index-of-rows.ts'

type LaneAnswer = Awaited<ReturnType<LaneHandler>>

/** Bytes of rows in one reply that are not exceeded once one row is in it. */
const replyBytes = wireLimits.bodyBytesMax / 2

function heldRows(index: RowIndex, commitment: Uint8Array): readonly Held[] {
  const held = index.of(commitment)
  if (held.length === 0) throw blobUnknown()
  return held
}

/** Bytes that a reply will have at most: what a reader costs. */
export function servedBytes(index: RowIndex, kind: number, meta: Uint8Array): number {
  const isRows = kind === requestKinds.getRows
  if (kind === requestKinds.getHeader) {
    const last = index.of(decodeGetHeader(meta)).at(-1)
    return last === undefined ? 0 : zBytes(last.fields.parameters)
  }
  const { commitment, count } = isRows
    ? { ...decodeGetRows(meta), count: decodeGetRows(meta).rows.length }
    : decodeGetPieces(meta)
  const [held] = index.of(commitment)
  if (held === undefined) return 0
  const { stripes, pieceBytes } = held.layout
  return Math.min(replyBytes + stripes * pieceBytes, count * pieceBytes * (isRows ? stripes : 1))
}

/** Whole rows, those that are held; readers check them. */
export async function serveRows(index: RowIndex, meta: Uint8Array): Promise<LaneAnswer> {
  const { commitment, rows } = decodeGetRows(meta)
  const all = heldRows(index, commitment)
  const sent: SentRow[] = []
  let bytes = 0
  for (const row of rows) {
    const held = all.find(({ rows: own }) => own.has(row))
    if (held === undefined) continue
    const { stripes, pieceBytes } = held.layout
    if (sent.length > 0 && bytes + stripes * pieceBytes > replyBytes) break
    const parts = await readRowParts(held, row, 0, stripes)
    if (parts === undefined) continue
    bytes += parts.pieces.length
    sent.push({ row, path: parts.path, pieces: piecesOf(parts.pieces, pieceBytes) })
  }
  return encodeRowsReply(sent)
}

/**
 * Some stripes of one row, each with its path. Of a whole segment only the first piece has one: the segment
 * is a node of the row's tree, and what is behind its pieces in that path leads on from it.
 */
export async function servePieces(
  index: RowIndex,
  engineOf: (hashId: number) => CommitmentEngine | undefined,
  meta: Uint8Array,
): Promise<LaneAnswer> {
  const { commitment, row, fromStripe, count } = decodeGetPieces(meta)
  const held = heldRows(index, commitment).find(({ rows }) => rows.has(row))
  const engine = held && engineOf(held.fields.parameters.hashId)
  if (held === undefined || engine === undefined) throw blobUnknown()
  const { stripes, pieceBytes } = held.layout
  if (fromStripe + count > stripes) throw termsRefused(`a row has ${stripes} stripes.`)
  const parts = await readRowParts(held, row, fromStripe, count)
  if (parts === undefined) throw blobUnknown()
  const { path, leaves } = parts
  const isSegment = isWholeSegment({ stripes }, fromStripe, count)
  const pieces = piecesOf(parts.pieces, pieceBytes).map((piece, i) => ({
    piece,
    path: isSegment && i > 0 ? noPath : piecePathIn(engine, leaves, fromStripe + i),
  }))
  return encodePiecesReply({ rowPath: path, pieces })
}

const noPath = new Uint8Array(0)

function isWholeSegment(shape: { stripes: number }, fromStripe: number, count: number): boolean {
  const segment = Math.floor(fromStripe / layout.segmentStripes)
  const whole = segmentStripes(shape, segment)
  return whole.fromStripe === fromStripe && whole.count === count
}

/**
 * The header of a blob with all rows that are held of it. Fingerprints that the disk did not keep are
 * refused and told: every reader checks its rows against them.
 */
export async function serveHeader(
  index: RowIndex,
  meta: Uint8Array,
  onDamage: (commitment: Uint8Array) => void,
): Promise<LaneAnswer> {
  const commitment = decodeGetHeader(meta)
  const all = heldRows(index, commitment)
  const last = all.at(-1)
  if (last === undefined) throw blobUnknown()
  const { fields } = last
  let fingerprints: Uint8Array | undefined
  // They are the same whatever the epoch.
  for (const held of all) fingerprints ??= await readFingerprints(held)
  if (fingerprints === undefined) {
    onDamage(commitment)
    throw fingerprintsDamaged(commitment)
  }
  const rows = [...new Set(all.flatMap((held) => [...held.rows.keys()]))].sort((a, b) => a - b)
  const header = joinHeader({ ...fields, expiresAtSeconds: last.keptUntilSeconds }, fingerprints)
  return encodeHeaderReply({ header, rows })
}
