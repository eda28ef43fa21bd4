import { equalBytes } from '../base/index.ts'
import { rootFromPath } from '../merkle/index.ts'
import { layout as constants } from '../params/index.ts'
import { blobTree, rowTree } from './derive.ts'
import type { CommitmentEngine } from './engine.ts'
import { fingerprintBytes } from './fingerprint.ts'
import type { OpenCommitment, RowFault } from './verify.ts'

/** One row's pieces of a segment, each with its path to the row's root, and the row's own path. */
export type RowSegment = {
  readonly row: number
  readonly segment: number
  readonly rowPath: Uint8Array
  /** In order of stripes, all of the segment. */
  readonly pieces: readonly { readonly piece: Uint8Array; readonly path: Uint8Array }[]
}

/** Stripes of a segment: the first, and how many there are. */
export function segmentStripes(
  { stripes }: { readonly stripes: number },
  segment: number,
): { readonly fromStripe: number; readonly count: number } {
  const fromStripe = segment * constants.segmentStripes
  return { fromStripe, count: Math.min(constants.segmentStripes, stripes - fromStripe) }
}

/**
 * Checks a segment of a row by itself, so that a reader of a byte range need not have the whole row: all
 * pieces lie under the root, and together they have the fingerprint of the codeword. Undefined says that
 * they are those of the blob, up to the bounds of the spec; which need a certificate.
 */
export function verifyRowSegment(
  engine: CommitmentEngine,
  { layout, committed, keys, extended }: OpenCommitment,
  { row, segment, rowPath, pieces }: RowSegment,
): RowFault | undefined {
  const { n, stripes, pieceBytes, segments } = layout
  if (segment >= segments || !Number.isInteger(row) || row < 0 || row >= n) return 'shape'
  const { fromStripe, count } = segmentStripes(layout, segment)
  const fits = pieces.length === count && pieces.every(({ piece }) => piece.length === pieceBytes)
  if (!fits) return 'shape'
  const roots = pieces.map(({ piece, path }, at) =>
    rootFromPath(rowTree(engine.hash), engine.hash.digest(piece), fromStripe + at, stripes, path),
  )
  const [own] = roots
  if (own === undefined) return 'path'
  if (!roots.every((root) => root !== undefined && equalBytes(root, own))) return 'path'
  const root = rootFromPath(blobTree(engine.hash), own, row, n, rowPath)
  if (root === undefined || !equalBytes(root, committed.root)) return 'path'
  const tags = engine.fingerprint(
    keys,
    pieces.map(({ piece }) => piece),
  )
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
