import { concatBytes } from '../base/index.ts'
import { type BlobHash, hashTags, type TreeShape } from '../merkle/index.ts'
import { layout } from '../params/index.ts'
import { type BlobParameters, encodeParameters } from './parameters.ts'

/** The tree over the leaf hashes of one row: wide, since a path goes with a piece of 16 KiB. */
export function rowTree(hash: BlobHash): TreeShape {
  return { hash, tag: hashTags.rowNode, arity: 16 }
}

/** The tree over the row roots: narrow, since its paths go to every storer. */
export function blobTree(hash: BlobHash): TreeShape {
  return { hash, tag: hashTags.blobNode, arity: 2 }
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

/** H(commitment tag ‖ parameters ‖ root ‖ H(fingerprints tag ‖ z)). */
export function commitmentOf(
  hash: BlobHash,
  parameters: BlobParameters,
  root: Uint8Array,
  fingerprints: Uint8Array,
): Uint8Array {
  const zRoot = hash.digest(concatBytes([Uint8Array.of(hashTags.fingerprints), fingerprints]))
  const tag = Uint8Array.of(hashTags.commitment)
  return hash.digest(concatBytes([tag, encodeParameters(parameters), root, zRoot]))
}
