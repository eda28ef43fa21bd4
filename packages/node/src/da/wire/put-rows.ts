import { concatBytes } from '@heddle/protocol/base'
import { layoutOf, pathLimits } from '@heddle/protocol/certificate'
import { u16 } from './cursor.ts'
import { wireInvalid } from './errors.ts'
import { type BlobHeader, headerFields, joinHeader, readHeaderFields, zBytes } from './header.ts'
import { wireVersion } from './kinds.ts'
import { checkBody, checkRows, openMeta } from './message.ts'

/** One whole row with its path to the blob's root. Pieces lie one after another, by stripe. */
export type SentRow = {
  readonly row: number
  readonly path: Uint8Array
  readonly pieces: readonly Uint8Array[]
}

/** `putRows`: some rows of a blob for one storer. Rows may come in several requests. */
export type PutRows = { readonly header: BlobHeader; readonly rows: readonly SentRow[] }

/** Body: the fingerprints, then the rows. Pieces are passed on as they lie, without a copy. */
export function encodePutRows({ header, rows }: PutRows): {
  readonly meta: Uint8Array
  readonly bodyParts: readonly Uint8Array[]
} {
  const list = rows.flatMap(({ row, path }) => [u16(row), u16(path.length), path])
  const start = [Uint8Array.of(wireVersion), headerFields(header), u16(rows.length)]
  const pieces = rows.flatMap((row) => row.pieces)
  return {
    meta: concatBytes([...start, ...list]),
    bodyParts: [header.committed.fingerprints, ...pieces],
  }
}

/** Form only: rows are checked against the commitment by whoever takes them. */
export function decodePutRows(meta: Uint8Array, body: Uint8Array): PutRows {
  const cursor = openMeta(meta)
  const fields = readHeaderFields(cursor)
  const { parameters } = fields
  const { rowPathBytesMax } = pathLimits(layoutOf(parameters))
  const { pieceBytes, stripes } = layoutOf(parameters)
  const count = cursor.u16()
  if (count > parameters.n) throw wireInvalid(`${count} rows of ${parameters.n}`)
  const list = Array.from({ length: count }, () => ({
    row: cursor.u16(),
    path: cursor.prefixed(rowPathBytesMax),
  }))
  cursor.end()
  checkRows(
    list.map(({ row }) => row),
    parameters.n,
  )
  const start = zBytes(parameters)
  const rowBytes = stripes * pieceBytes
  checkBody(body.length, start + count * rowBytes)
  const rows = list.map(({ row, path }, i) => {
    const from = start + i * rowBytes
    return { row, path, pieces: piecesOf(body.subarray(from, from + rowBytes), pieceBytes) }
  })
  return { header: joinHeader(fields, body.subarray(0, start)), rows }
}

/** Cuts one row into its pieces. */
export function piecesOf(row: Uint8Array, pieceBytes: number): Uint8Array[] {
  const stripes = row.length / pieceBytes
  return Array.from({ length: stripes }, (_, stripe) =>
    row.subarray(stripe * pieceBytes, (stripe + 1) * pieceBytes),
  )
}

/**
 * What the storer says: how many of its rows it holds on its disk, and, once it holds all that it
 * was drawn for, its signature over the statement of spec/05-certificate.md.
 */
export type PutRowsReply = {
  readonly rowsHeld: number
  readonly signature: Uint8Array | undefined
}

const signatureBytes = 96

export function encodePutRowsReply({ rowsHeld, signature }: PutRowsReply): Uint8Array {
  const start = Uint8Array.of(wireVersion, signature === undefined ? 0 : 1)
  return concatBytes([start, u16(rowsHeld), signature ?? new Uint8Array(0)])
}

export function decodePutRowsReply(meta: Uint8Array): PutRowsReply {
  const cursor = openMeta(meta)
  const signed = cursor.u8()
  if (signed > 1) throw wireInvalid(`state ${signed} of rows`)
  const rowsHeld = cursor.u16()
  const signature = signed === 1 ? cursor.bytes(signatureBytes) : undefined
  cursor.end()
  return { rowsHeld, signature }
}
