import { equalBytes } from '../base/index.ts'
import { digestBytes, rootFromPath, treeRoot } from '../merkle/index.ts'
import type { CommittedBlob } from './commit.ts'
import { blobTree, commitmentOf, fingerprintKeys, rowTree } from './derive.ts'
import type { CommitmentEngine } from './engine.ts'
import { commitmentHash, commitmentMismatch, commitmentParameters } from './errors.ts'
import { fingerprintBytes, fingerprintRow } from './fingerprint.ts'
import { type BlobLayout, checkParameters, layoutOf } from './parameters.ts'

/** Why a row is refused: not of this shape, not under the root, or not of the one codeword. */
export type RowFault = 'shape' | 'path' | 'fingerprint'

/** A commitment opened for checking rows; made once per blob. */
export type OpenCommitment = {
  readonly layout: BlobLayout
  readonly committed: CommittedBlob
  readonly keys: readonly Uint8Array[]
  /** Fingerprints of all n rows: those of the data rows, extended by the code here. */
  readonly extended: Uint8Array
}

/**
 * Checks that parameters, root and z are those of the commitment and extends z to all rows. A
 * storer must do this itself: an extended z that somebody sends proves nothing.
 */
export function openCommitment(engine: CommitmentEngine, committed: CommittedBlob): OpenCommitment {
  const { parameters, root, fingerprints, commitment } = committed
  checkParameters(parameters)
  const { hash, erasure } = engine
  if (parameters.hashId !== hash.id) throw commitmentHash(parameters.hashId, hash.id)
  const layout = layoutOf(parameters)
  const pieceBytes = fingerprintBytes(layout)
  const { k, n } = layout
  if (root.length !== digestBytes || fingerprints.length !== k * pieceBytes) {
    throw commitmentParameters('the root or the fingerprints have the wrong length.')
  }
  if (!equalBytes(commitmentOf(hash, parameters, root, fingerprints), commitment)) {
    throw commitmentMismatch()
  }
  const extended = new Uint8Array(n * pieceBytes)
  extended.set(fingerprints)
  erasure.encode({ k, n, pieceBytes }, fingerprints, extended.subarray(fingerprints.length))
  return { layout, committed, keys: fingerprintKeys(hash, parameters, root), extended }
}

/**
 * Checks one whole row by itself: its pieces in order of stripes and the path of its root.
 * Undefined says that it is the row of this index of the committed codeword, up to the bounds of
 * the spec.
 */
export function verifyRow(
  engine: CommitmentEngine,
  open: OpenCommitment,
  row: number,
  pieces: readonly Uint8Array[],
  path: Uint8Array,
): RowFault | undefined {
  const leaves = hashRow(engine, open, row, pieces)
  return leaves === undefined ? 'shape' : verifyHashedRow(engine, open, row, pieces, path, leaves)
}

/** The leaf digests of a row, one after another; undefined where it has not the shape of one. */
export function hashRow(
  { hash }: CommitmentEngine,
  { layout: { n, stripes, pieceBytes } }: Pick<OpenCommitment, 'layout'>,
  row: number,
  pieces: readonly Uint8Array[],
): Uint8Array | undefined {
  const fits = pieces.length === stripes && pieces.every((piece) => piece.length === pieceBytes)
  if (!fits || !Number.isInteger(row) || row < 0 || row >= n) return undefined
  const leaves = new Uint8Array(stripes * digestBytes)
  pieces.forEach((piece, stripe) => {
    leaves.set(hash.digest(piece), stripe * digestBytes)
  })
  return leaves
}

/** `verifyRow` for a storer that keeps the leaf digests: `leaves` come from `hashRow`. */
export function verifyHashedRow(
  engine: CommitmentEngine,
  open: OpenCommitment,
  row: number,
  pieces: readonly Uint8Array[],
  path: Uint8Array,
  leaves: Uint8Array,
): RowFault | undefined {
  const { layout, committed, keys, extended } = open
  const { n } = layout
  const own = treeRoot(rowTree(engine.hash), leaves)
  const root = rootFromPath(blobTree(engine.hash), own, row, n, path)
  if (root === undefined || !equalBytes(root, committed.root)) return 'path'
  const rowBytes = fingerprintBytes(layout)
  const stated = extended.subarray(row * rowBytes, (row + 1) * rowBytes)
  const measured = fingerprintRow(engine.fingerprint, keys, layout, pieces)
  return equalBytes(measured, stated) ? undefined : 'fingerprint'
}

/** A sample: one piece with both paths. */
export type Sample = {
  readonly row: number
  readonly stripe: number
  readonly piece: Uint8Array
  readonly piecePath: Uint8Array
  readonly rowPath: Uint8Array
}

/** Checks that a piece lies under the root. It says nothing about the code; rows do. */
export function verifySample(
  engine: CommitmentEngine,
  { layout, committed }: Pick<OpenCommitment, 'layout' | 'committed'>,
  { row, stripe, piece, piecePath, rowPath }: Sample,
): RowFault | undefined {
  if (piece.length !== layout.pieceBytes) return 'shape'
  const leaf = engine.hash.digest(piece)
  const own = rootFromPath(rowTree(engine.hash), leaf, stripe, layout.stripes, piecePath)
  if (own === undefined) return 'path'
  const root = rootFromPath(blobTree(engine.hash), own, row, layout.n, rowPath)
  return root !== undefined && equalBytes(root, committed.root) ? undefined : 'path'
}
