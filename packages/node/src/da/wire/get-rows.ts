import { concatBytes } from '@heddle/protocol/base'
import { type BlobParameters, layoutOf, pathLimits } from '@heddle/protocol/certificate'
import { u16 } from './cursor.ts'
import { wireInvalid } from './errors.ts'
import { wireVersion } from './kinds.ts'
import { checkBody, checkRows, openMeta, readCommitment, readRowList } from './message.ts'
import { piecesOf, type SentRow } from './put-rows.ts'

/** No code has more rows. */
const rowsMax = 256

/** `getRows`: whole rows of a blob, ascending. */
export type GetRows = { readonly commitment: Uint8Array; readonly rows: readonly number[] }

export function encodeGetRows({ commitment, rows }: GetRows): Uint8Array {
  const list = [u16(rows.length), ...rows.map(u16)]
  return concatBytes([Uint8Array.of(wireVersion), commitment, ...list])
}

export function decodeGetRows(meta: Uint8Array): GetRows {
  const cursor = openMeta(meta)
  const commitment = readCommitment(cursor)
  const rows = readRowList(cursor, rowsMax)
  cursor.end()
  return { commitment, rows }
}

/**
 * Those of the rows asked for that the storer holds and that fit into one reply; a reader asks
 * again for the rest. Body: the rows.
 */
export function encodeRowsReply(rows: readonly SentRow[]): {
  readonly meta: Uint8Array
  readonly bodyParts: readonly Uint8Array[]
} {
  const list = rows.flatMap(({ row, path }) => [u16(row), u16(path.length), path])
  const meta = concatBytes([Uint8Array.of(wireVersion), u16(rows.length), ...list])
  return { meta, bodyParts: rows.flatMap(({ pieces }) => pieces) }
}

/** Reads a reply about a blob whose parameters the reader knows; `verifyRow` checks the rows. */
export function decodeRowsReply(
  parameters: BlobParameters,
  meta: Uint8Array,
  body: Uint8Array,
): SentRow[] {
  const layout = layoutOf(parameters)
  const { rowPathBytesMax } = pathLimits(layout)
  const cursor = openMeta(meta)
  const count = cursor.u16()
  if (count > layout.n) throw wireInvalid(`${count} rows of ${layout.n}`)
  const list = Array.from({ length: count }, () => ({
    row: cursor.u16(),
    path: cursor.prefixed(rowPathBytesMax),
  }))
  cursor.end()
  checkRows(
    list.map(({ row }) => row),
    layout.n,
  )
  const rowBytes = layout.stripes * layout.pieceBytes
  checkBody(body.length, count * rowBytes)
  return list.map(({ row, path }, i) => ({
    row,
    path,
    pieces: piecesOf(body.subarray(i * rowBytes, (i + 1) * rowBytes), layout.pieceBytes),
  }))
}
