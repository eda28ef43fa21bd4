import { concatBytes, equalBytes } from '../base/index.ts'
import { digestBytes, rootFromPath, treeRoot } from '../merkle/index.ts'
import { layout as constants } from '../params/index.ts'
import { blobTree, rowTree } from './derive.ts'
import type { CommitmentEngine } from './engine.ts'
import { fingerprintBytes } from './fingerprint.ts'
import type { OpenCommitment, RowFault } from './verify.ts'

/**
 * One row's pieces of a segment. A segment is one node of the row's tree, whose arity is that many
 * stripes: one path leads from it to the row's root, and the row's own path on to the blob's.
 */
export type RowSegment = {
  readonly row: number
  readonly segment: number
  readonly rowPath: Uint8Array
  readonly segmentPath: Uint8Array
  /** In order of stripes, all of the segment. */
  readonly pieces: readonly Uint8Array[]
}

/** Stripes of a segment: the first, and how many there are. */
export function segmentStripes(
  { stripes }: { readonly stripes: number },
  segment: number,
): { readonly fromStripe: number; readonly count: number } {
  const fromStripe = segment * constants.segmentStripes
  return { fromStripe, count: Math.min(constants.segmentStripes, stripes - fromStripe) }
}

/** The path of a segment out of that of its first piece: what is behind the piece's neighbours. */
export function segmentPathOf(
  layout: { readonly stripes: number },
  segment: number,
  firstPiecePath: Uint8Array,
): Uint8Array {
  const { count } = segmentStripes(layout, segment)
  return firstPiecePath.subarray((count - 1) * digestBytes)
}

/**
 * Checks a segment of a row by itself, so that a reader of a byte range need not have the whole row: all
 * pieces lie under the root, and together they have the fingerprint of the codeword. Undefined says that
 * they are those of the blob, up to the bounds of the spec; which need a certificate.
 */
export function verifyRowSegment(
  engine: CommitmentEngine,
  { layout, committed, keys, extended }: OpenCommitment,
  { row, segment, rowPath, segmentPath, pieces }: RowSegment,
): RowFault | undefined {
  const { n, stripes, pieceBytes, segments } = layout
  const isRow = Number.isInteger(row) && row >= 0 && row < n
  if (!isRow || !Number.isInteger(segment) || segment < 0 || segment >= segments) return 'shape'
  const { count } = segmentStripes({ stripes }, segment)
  const fits = pieces.length === count && pieces.every(({ length }) => length === pieceBytes)
  if (!fits) return 'shape'
  const tree = rowTree(engine.hash)
  const node = treeRoot(tree, concatBytes(pieces.map((piece) => engine.hash.digest(piece))))
  const own = rootFromPath(tree, node, segment, segments, segmentPath)
  if (own === undefined) return 'path'
  const root = rootFromPath(blobTree(engine.hash), own, row, n, rowPath)
  if (root === undefined || !equalBytes(root, committed.root)) return 'path'
  const tags = engine.fingerprint(keys, pieces)
  const rowBytes = fingerprintBytes(layout)
  const tagBytes = tags.length / 8
  for (let plane = 0; plane < 8; plane++) {
    const at = row * rowBytes + (plane * rowBytes) / 8 + segment * tagBytes
    const stated = extended.subarray(at, at + tagBytes)
    const measured = tags.subarray(plane * tagBytes, (plane + 1) * tagBytes)
    if (!equalBytes(measured, stated)) return 'fingerprint'
  }
  return undefined
}
