import {
  blobLevels,
  commitBlob,
  hashPieces,
  newLeafTable,
  openCommitment,
  piecePath,
  type RowSegment,
  rowPath,
  segmentPathOf,
  segmentStripes,
  verifyRowSegment,
} from '@heddle/protocol/certificate'
import { expect, it } from 'vitest'
import { createRuntime } from '../../runtime/index.ts'
import { nativeCommitment, nativeSha256 } from '../commitment-engine.ts'
import { openErasureEngine } from '../erasure-engine.ts'
import { loadErasureKernel } from '../kernel.ts'

const kernel = await loadErasureKernel(createRuntime().disk)
const engine = nativeCommitment(openErasureEngine(kernel, { arenaBytes: 0 }), nativeSha256)
/** Shorter than a stripe would be, so that the test stays quick; 18 stripes are two segments. */
const parameters = { k: 16, n: 24, lengthBytes: 18 * 16 * 16384 - 5, hashId: 1 }

function publish() {
  const table = newLeafTable(parameters)
  const { k, n, stripes, pieceBytes } = table.layout
  const rows = Array.from({ length: n }, () => [] as Uint8Array[])
  const data = new Uint8Array(k * pieceBytes)
  const parity = new Uint8Array((n - k) * pieceBytes)
  for (let stripe = 0; stripe < stripes; stripe++) {
    // A few bytes that differ are enough: the code works symbol by symbol.
    for (let row = 0; row < k; row++) data[row * pieceBytes + stripe] = row * 31 + stripe + 1
    engine.erasure.encode(table.layout, data, parity)
    hashPieces(engine, table, stripe, 0, data)
    hashPieces(engine, table, stripe, k, parity)
    rows.forEach((pieces, row) => {
      const [from, at] = row < k ? [data, row] : [parity, row - k]
      pieces.push(from.slice(at * pieceBytes, (at + 1) * pieceBytes))
    })
  }
  const levels = blobLevels(engine, table)
  const pieceOf = (row: number, stripe: number) => rows[row]?.[stripe] ?? new Uint8Array(0)
  const open = openCommitment(engine, commitBlob(engine, parameters, levels, pieceOf))
  const segmentOf = (row: number, segment: number): RowSegment => {
    const { fromStripe, count } = segmentStripes(table.layout, segment)
    const pieces = Array.from({ length: count }, (_, at) => pieceOf(row, fromStripe + at))
    const first = piecePath(engine, table, row, fromStripe)
    const segmentPath = segmentPathOf(table.layout, segment, first)
    return { row, segment, rowPath: rowPath(engine, levels, row), segmentPath, pieces }
  }
  return { open, segmentOf }
}

it('takes segments of rows and refuses anything else', () => {
  const { open, segmentOf } = publish()
  const check = (segment: RowSegment) => verifyRowSegment(engine, open, segment)
  const [data, parity] = [segmentOf(3, 1), segmentOf(20, 1)]
  expect(data.pieces).toHaveLength(2)
  expect([check(data), check(parity)]).toEqual([undefined, undefined])
  expect(check({ ...data, row: 4 })).toBe('path')
  expect(check({ ...data, segment: 0 })).toBe('shape')
  expect(check({ ...data, segment: 2 })).toBe('shape')
  expect(check({ ...data, pieces: [...data.pieces].reverse() })).toBe('path')
  expect(check({ ...data, rowPath: data.rowPath.subarray(32) })).toBe('path')
  expect(check({ ...data, segmentPath: data.segmentPath.subarray(32) })).toBe('path')
  const pieces = data.pieces.map((piece) => piece.map((byte, at) => (at === 100 ? byte ^ 1 : byte)))
  expect(check({ ...data, pieces })).toBe('path')
  // Under the root and yet not of the code: what an encoder that lies would send.
  const extended = open.extended.map((byte, at) => (at === 3 * 512 + 32 ? byte ^ 1 : byte))
  expect(verifyRowSegment(engine, { ...open, extended }, data)).toBe('fingerprint')
  expect(verifyRowSegment(engine, { ...open, extended }, parity)).toBe(undefined)
})
