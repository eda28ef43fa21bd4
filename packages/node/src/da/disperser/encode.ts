import {
  type BlobParameters,
  blobLevels,
  type CommitmentEngine,
  commitBlob,
  hashPieces,
  newLeafTable,
  rowPath,
} from '@heddle/protocol/certificate'
import type { EncodedParts } from './encoder-protocol.ts'

/**
 * Encodes and commits a blob in place. `rows` holds for each stripe its n rows, of which the first k
 * are filled; the rest is filled here. A stripe is hashed while it is in the cache.
 */
export function encodeBlob(
  engine: CommitmentEngine,
  parameters: BlobParameters,
  rows: Uint8Array,
): EncodedParts {
  const table = newLeafTable(parameters)
  const { k, n, pieceBytes, stripes } = table.layout
  const stripeBytes = n * pieceBytes
  for (let stripe = 0; stripe < stripes; stripe++) {
    const all = rows.subarray(stripe * stripeBytes, (stripe + 1) * stripeBytes)
    const data = all.subarray(0, k * pieceBytes)
    const parity = all.subarray(k * pieceBytes)
    // Data first: hashing reads it in order and so brings it into the cache.
    hashPieces(engine, table, stripe, 0, data)
    engine.erasure.encode(table.layout, data, parity)
    hashPieces(engine, table, stripe, k, parity)
  }
  const levels = blobLevels(engine, table)
  const { root, fingerprints, commitment } = commitBlob(
    engine,
    parameters,
    levels,
    (row, stripe) => {
      const at = stripe * stripeBytes + row * pieceBytes
      return rows.subarray(at, at + pieceBytes)
    },
  )
  const paths = Array.from({ length: n }, (_, row) => rowPath(engine, levels, row))
  return { root: root.slice(), fingerprints, commitment, paths }
}
