import { concatBytes } from '../base/index.ts'
import { type BlobHash, hashTags, pathBytesMax, type TreeShape } from '../merkle/index.ts'
import { layout } from '../params/index.ts'
import { type BlobLayout, type BlobParameters, encodeParameters } from './parameters.ts'

/** Arity of the tree over the leaf hashes of one row: wide, a path goes with a piece of 16 KiB. */
const rowArity = 16

/** Arity of the tree over the row roots: narrow, since its paths go to every storer. */
const blobArity = 2

/** The tree over the leaf hashes of one row. */
export function rowTree(hash: BlobHash): TreeShape {
  return { hash, tag: hashTags.rowNode, arity: rowArity }
}

/** The tree over the row roots. */
export function blobTree(hash: BlobHash): TreeShape {
  return { hash, tag: hashTags.blobNode, arity: blobArity }
}

/** Limits to check before a path is read: of a row under the blob, of a piece under its row. */
export function pathLimits({ n, stripes }: BlobLayout): {
  readonly rowPathBytesMax: number
  readonly piecePathBytesMax: number
} {
  return {
    rowPathBytesMax: pathBytesMax(blobArity, n),
    piecePathBytesMax: pathBytesMax(rowArity, stripes),
  }
}

/**
 * K₁, K₂: the first 16 bytes of H(key tag ‖ parameters ‖ root ‖ j). Known only once all rows are.
 */
export function fingerprintKeys(
  hash: BlobHash,
  parameters: BlobParameters,
  root: Uint8Array,
): Uint8Array[] {
  const stem = [Uint8Array.of(hashTags.key), encodeParameters(parameters), root]
  return Array.from({ length: layout.fingerprintKeys }, (_, j) =>
    hash.digest(concatBytes([...stem, Uint8Array.of(j + 1)])).slice(0, 16),
  )
}

/** H(fingerprints tag ‖ z): what a commitment binds of the fingerprints. */
export function fingerprintsDigest(hash: BlobHash, fingerprints: Uint8Array): Uint8Array {
  return hash.digest(concatBytes([Uint8Array.of(hashTags.fingerprints), fingerprints]))
}

/** H(commitment tag ‖ parameters ‖ root ‖ H(fingerprints tag ‖ z)). */
export function commitmentOf(
  hash: BlobHash,
  parameters: BlobParameters,
  root: Uint8Array,
  fingerprints: Uint8Array,
): Uint8Array {
  return commitmentFrom(hash, parameters, root, fingerprintsDigest(hash, fingerprints))
}

/** The commitment from the digest of its fingerprints, as a certificate carries it. */
export function commitmentFrom(
  hash: BlobHash,
  parameters: BlobParameters,
  root: Uint8Array,
  zRoot: Uint8Array,
): Uint8Array {
  const tag = Uint8Array.of(hashTags.commitment)
  return hash.digest(concatBytes([tag, encodeParameters(parameters), root, zRoot]))
}
