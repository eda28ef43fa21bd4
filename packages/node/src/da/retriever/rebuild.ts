import { assert, equalBytes } from '@heddle/protocol/base'
import {
  blobLevels,
  hashPieces,
  newLeafTable,
  rowPath,
  segmentStripes,
  stripePieces,
  verifyRow,
} from '@heddle/protocol/certificate'
import type { SentRow } from '../wire/put-rows.ts'
import { type GatherInput, gatherRows } from './gather.ts'

export type RebuildInput = Omit<GatherInput, 'segment' | 'needed'> & {
  readonly rows: readonly number[]
}

/**
 * Makes rows again from any k rows of others, for a storer that lost them. The whole blob is encoded once
 * more and hashed, since a row is worth nothing without its path; so it takes as long as publishing, and
 * memory for the rows alone. Each row is checked as if it had been sent.
 */
export async function rebuildRows(input: RebuildInput): Promise<SentRow[]> {
  const { blob, rows } = input
  const { engine, open, certificate } = blob
  const { k, n, pieceBytes, segments } = open.layout
  const table = newLeafTable(certificate.parameters)
  const kept = new Map(rows.map((row) => [row, [] as Uint8Array[]]))
  const data = new Uint8Array(k * pieceBytes)
  const parity = new Uint8Array((n - k) * pieceBytes)
  const dataRows = Array.from({ length: k }, (_, row) => row)
  for (let segment = 0; segment < segments; segment++) {
    const { rows: gathered, release } = await gatherRows({ ...input, segment, needed: new Set() })
    const { fromStripe, count } = segmentStripes(open.layout, segment)
    for (let place = 0; place < count; place++) {
      const known = stripePieces(gathered, place).slice(0, k)
      engine.erasure.decode({ k, n, pieceBytes }, known, dataRows, data)
      engine.erasure.encode({ k, n, pieceBytes }, data, parity)
      hashPieces(engine, table, fromStripe + place, 0, data)
      hashPieces(engine, table, fromStripe + place, k, parity)
      for (const [row, pieces] of kept) {
        const [from, at] = row < k ? [data, row] : [parity, row - k]
        pieces.push(from.slice(at * pieceBytes, (at + 1) * pieceBytes))
      }
    }
    release()
  }
  const levels = blobLevels(engine, table)
  const root = levels.at(-1)
  // Checked rows are of one codeword (spec/04-commitment.md §5), and its root is the certificate's.
  assert(root !== undefined && equalBytes(root, certificate.root), 'the blob is the committed one')
  return rows.map((row) => {
    const pieces = kept.get(row) ?? []
    const path = rowPath(engine, levels, row)
    assert(verifyRow(engine, open, row, pieces, path) === undefined, 'a rebuilt row is the row')
    return { row, path, pieces }
  })
}
