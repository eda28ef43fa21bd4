import { encodeBlob, nativeCommitment, type WasmErasure } from '@heddle/node/da'
import {
  type CommitmentEngine,
  layoutOf,
  openCommitment,
  verifyRow,
} from '@heddle/protocol/certificate'
import type { BlobHash } from '@heddle/protocol/merkle'
import type { Stage } from './da-stage.ts'

const [k, n] = [64, 192]
/** As many rows as a storer of a committee of 64 gets. */
const rowsOfStorer = [5, 70, 180]

/** A blob in the arena as the encoder thread has it: for each stripe all rows, data ones filled. */
export type BlobBench = {
  readonly engine: CommitmentEngine
  readonly lengthBytes: number
  readonly rows: Uint8Array
}

/** Bytes of the arena that a blob and its rows take. */
export function blobArenaBytes(lengthBytes: number): number {
  const { stripes, pieceBytes } = layoutOf({ k, n, lengthBytes, hashId: 1 })
  return stripes * n * pieceBytes
}

/** Where all hashes work on the same blob. */
export function fillRows(erasure: WasmErasure, blob: Uint8Array): Uint8Array {
  const { stripes, pieceBytes } = layoutOf({ k, n, lengthBytes: blob.length, hashId: 1 })
  const rows = erasure.allocate(stripes * n * pieceBytes)
  const dataBytes = k * pieceBytes
  for (let stripe = 0; stripe < stripes; stripe++) {
    const data = blob.subarray(stripe * dataBytes, (stripe + 1) * dataBytes)
    rows.set(data, stripe * n * pieceBytes)
  }
  return rows
}

export function openBlobBench(
  erasure: WasmErasure,
  hash: BlobHash,
  lengthBytes: number,
  rows: Uint8Array,
): BlobBench {
  return { engine: nativeCommitment(erasure, hash), lengthBytes, rows }
}

/** Encodes, hashes and commits the whole blob, by the code of the encoder thread. */
function publish({ engine, lengthBytes, rows }: BlobBench) {
  const parameters = { k, n, lengthBytes, hashId: engine.hash.id }
  const { paths, ...sealed } = encodeBlob(engine, parameters, rows)
  return { committed: { ...sealed, parameters }, paths }
}

/** Encode and commit, from the blob's bytes to the commitment and every row's path. */
export function publishStage(name: string, bench: BlobBench): Stage {
  return { name, bytes: bench.lengthBytes, run: () => void publish(bench) }
}

/** What a storer does before it signs: open the commitment, check three rows. */
export function verifyStage(name: string, bench: BlobBench): Stage {
  const { engine, rows } = bench
  const { committed, paths } = publish(bench)
  const { pieceBytes, stripes } = layoutOf(committed.parameters)
  const own = rowsOfStorer.map((row) => ({
    row,
    path: paths[row] ?? new Uint8Array(0),
    pieces: Array.from({ length: stripes }, (_, stripe) => {
      const at = (stripe * n + row) * pieceBytes
      return rows.slice(at, at + pieceBytes)
    }),
  }))
  const run = () => {
    const open = openCommitment(engine, committed)
    for (const { row, path, pieces } of own) {
      const fault = verifyRow(engine, open, row, pieces, path)
      if (fault !== undefined) throw new Error(`row ${row} was refused: ${fault}`)
    }
  }
  return { name, bytes: rowsOfStorer.length * stripes * pieceBytes, run }
}
