import { assert } from '../base/index.ts'
import { digestBytes, type TreeLevels, treeLevels, treePath } from '../merkle/index.ts'
import { blobTree, commitmentOf, fingerprintKeys, rowTree } from './derive.ts'
import type { CommitmentEngine } from './engine.ts'
import { fingerprintBytes, fingerprintRow } from './fingerprint.ts'
import { type BlobLayout, type BlobParameters, checkParameters, layoutOf } from './parameters.ts'

/** What is published of a blob beside its rows. */
export type CommittedBlob = {
  readonly parameters: BlobParameters
  readonly root: Uint8Array
  /** z: the fingerprints of the k data rows, one after another. */
  readonly fingerprints: Uint8Array
  readonly commitment: Uint8Array
}

/** Leaf hashes of a blob while it is encoded, stripe by stripe. */
export type LeafTable = { readonly layout: BlobLayout; readonly digests: Uint8Array }

/** An empty table for a blob with these parameters. */
export function newLeafTable(parameters: BlobParameters): LeafTable {
  checkParameters(parameters)
  const layout = layoutOf(parameters)
  return { layout, digests: new Uint8Array(layout.n * layout.stripes * digestBytes) }
}

/** Hashes rows `firstRow` … of one stripe, given one after another, into the table. */
export function hashPieces(
  { hash }: CommitmentEngine,
  { layout, digests }: LeafTable,
  stripe: number,
  firstRow: number,
  rows: Uint8Array,
): void {
  const { pieceBytes, stripes, n } = layout
  assert(stripe < stripes && firstRow + rows.length / pieceBytes <= n, 'the stripe is of the blob')
  for (let at = 0, row = firstRow; at < rows.length; at += pieceBytes, row++) {
    const digest = hash.digest(rows.subarray(at, at + pieceBytes))
    digests.set(digest, (row * stripes + stripe) * digestBytes)
  }
}

/** The tree over the leaf hashes of one row. */
function rowLevels(engine: CommitmentEngine, table: LeafTable, row: number): TreeLevels {
  const rowBytes = table.layout.stripes * digestBytes
  const leaves = table.digests.subarray(row * rowBytes, (row + 1) * rowBytes)
  return treeLevels(rowTree(engine.hash), leaves)
}

/** The tree over the n row roots of a blob whose leaves are all hashed. */
export function blobLevels(engine: CommitmentEngine, table: LeafTable): TreeLevels {
  const roots = new Uint8Array(table.layout.n * digestBytes)
  for (let row = 0; row < table.layout.n; row++) {
    roots.set(rootOf(rowLevels(engine, table, row)), row * digestBytes)
  }
  return treeLevels(blobTree(engine.hash), roots)
}

/** The path that goes with a row: from its root to the root of the blob. */
export function rowPath({ hash }: CommitmentEngine, blob: TreeLevels, row: number): Uint8Array {
  return treePath(blobTree(hash).arity, blob, row)
}

/** The path that goes with one piece: from its leaf to the root of its row. */
export function piecePath(
  engine: CommitmentEngine,
  table: LeafTable,
  row: number,
  stripe: number,
): Uint8Array {
  return treePath(rowTree(engine.hash).arity, rowLevels(engine, table, row), stripe)
}

/** `piecePath` for a storer, from the leaf digests it kept of a row. */
export function piecePathIn(
  engine: CommitmentEngine,
  leaves: Uint8Array,
  stripe: number,
): Uint8Array {
  const shape = rowTree(engine.hash)
  return treePath(shape.arity, treeLevels(shape, leaves), stripe)
}

function rootOf(levels: TreeLevels): Uint8Array {
  const root = levels.at(-1)
  assert(root !== undefined, 'a tree has a root')
  return root
}

/**
 * Seals a blob from the tree over its rows: derives the keys from the root, fingerprints the k data
 * rows (`pieceOf(row, stripe)` gives their pieces again) and binds everything.
 */
export function commitBlob(
  engine: CommitmentEngine,
  parameters: BlobParameters,
  blob: TreeLevels,
  pieceOf: (row: number, stripe: number) => Uint8Array,
): CommittedBlob {
  const layout = layoutOf(parameters)
  const root = rootOf(blob)
  const keys = fingerprintKeys(engine.hash, parameters, root)
  const rowBytes = fingerprintBytes(layout)
  const fingerprints = new Uint8Array(layout.k * rowBytes)
  for (let row = 0; row < layout.k; row++) {
    const pieces = Array.from({ length: layout.stripes }, (_, stripe) => pieceOf(row, stripe))
    const own = fingerprintRow(engine.fingerprint, keys, layout, pieces)
    fingerprints.set(own, row * rowBytes)
  }
  const commitment = commitmentOf(engine.hash, parameters, root, fingerprints)
  return { parameters, root, fingerprints, commitment }
}
