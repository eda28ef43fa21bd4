import { nativeCommitment, type WasmErasure } from '@heddle/node/da'
import {
  blobLevels,
  type CommitmentEngine,
  type CommittedBlob,
  commitBlob,
  hashPieces,
  layoutOf,
  newLeafTable,
  openCommitment,
  rowPath,
  verifyRow,
} from '@heddle/protocol/certificate'
import type { BlobHash, TreeLevels } from '@heddle/protocol/merkle'
import type { Stage } from './da-stage.ts'

const [k, n] = [64, 192]
/** As many rows as a storer of a committee of 64 gets. */
const rowsOfStorer = [5, 70, 180]

/** A blob in the arena with room for the parity of one stripe, and what storers got of it. */
export type BlobBench = {
  readonly engine: CommitmentEngine
  readonly blob: Uint8Array
  readonly parity: Uint8Array
}

export function openBlobBench(erasure: WasmErasure, hash: BlobHash, blob: Uint8Array): BlobBench {
  const { pieceBytes } = layoutOf({ k, n, lengthBytes: blob.length, hashId: hash.id })
  const parity = erasure.allocate((n - k) * pieceBytes)
  return { engine: nativeCommitment(erasure, hash), blob, parity }
}

/** Encodes, hashes and commits the whole blob; `keep` sees the parity of each stripe. */
function publish(
  { engine, blob, parity }: BlobBench,
  keep: (stripe: number, parity: Uint8Array) => void,
): { committed: CommittedBlob; levels: TreeLevels } {
  const parameters = { k, n, lengthBytes: blob.length, hashId: engine.hash.id }
  const table = newLeafTable(parameters)
  const { pieceBytes, stripes } = table.layout
  const stripeBytes = k * pieceBytes
  for (let stripe = 0; stripe < stripes; stripe++) {
    const data = blob.subarray(stripe * stripeBytes, (stripe + 1) * stripeBytes)
    engine.erasure.encode(table.layout, data, parity)
    hashPieces(engine, table, stripe, 0, data)
    hashPieces(engine, table, stripe, k, parity)
    keep(stripe, parity)
  }
  const levels = blobLevels(engine, table)
  const pieceOf = (row: number, stripe: number) => {
    const at = stripe * stripeBytes + row * pieceBytes
    return blob.subarray(at, at + pieceBytes)
  }
  return { committed: commitBlob(engine, parameters, levels, pieceOf), levels }
}

/** Encode and commit, from the blob's bytes to the commitment. */
export function publishStage(name: string, bench: BlobBench): Stage {
  return { name, bytes: bench.blob.length, run: () => void publish(bench, () => {}) }
}

/** What a storer does before it signs: open the commitment, check three rows. */
export function verifyStage(name: string, bench: BlobBench): Stage {
  const { engine, blob } = bench
  const { pieceBytes, stripes } = layoutOf({ k, n, lengthBytes: blob.length, hashId: 1 })
  const rows = rowsOfStorer.map((row) => ({ row, pieces: [] as Uint8Array[] }))
  const { committed, levels } = publish(bench, (stripe, parity) => {
    for (const { row, pieces } of rows) {
      const [from, at] = row < k ? [blob, stripe * k + row] : [parity, row - k]
      pieces.push(from.slice(at * pieceBytes, (at + 1) * pieceBytes))
    }
  })
  const paths = rowsOfStorer.map((row) => rowPath(engine, levels, row))
  const run = () => {
    const open = openCommitment(engine, committed)
    for (const [at, { row, pieces }] of rows.entries()) {
      const fault = verifyRow(engine, open, row, pieces, paths[at] ?? new Uint8Array(0))
      if (fault !== undefined) throw new Error(`row ${row} was refused: ${fault}`)
    }
  }
  return { name, bytes: rowsOfStorer.length * stripes * pieceBytes, run }
}
