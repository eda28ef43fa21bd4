import { concatBytes } from '@heddle/protocol/base'
import { type BlobParameters, layoutOf, pathLimits } from '@heddle/protocol/certificate'
import { u16, u32 } from './cursor.ts'
import { wireInvalid } from './errors.ts'
import { wireLimits, wireVersion } from './kinds.ts'
import { checkBody, openMeta, readCommitment } from './message.ts'
import { piecesOf } from './put-rows.ts'

/** `getPieces`: some stripes of one row, for samples and byte ranges. */
export type GetPieces = {
  readonly commitment: Uint8Array
  readonly row: number
  readonly fromStripe: number
  /** At most `wireLimits.piecesMax`. */
  readonly count: number
}

export function encodeGetPieces({ commitment, row, fromStripe, count }: GetPieces): Uint8Array {
  const start = Uint8Array.of(wireVersion)
  return concatBytes([start, commitment, u16(row), u32(fromStripe), u16(count)])
}

export function decodeGetPieces(meta: Uint8Array): GetPieces {
  const cursor = openMeta(meta)
  const request = {
    commitment: readCommitment(cursor),
    row: cursor.u16(),
    fromStripe: cursor.u32(),
    count: cursor.u16(),
  }
  cursor.end()
  if (request.count < 1 || request.count > wireLimits.piecesMax) {
    throw wireInvalid(`${request.count} pieces; 1 to ${wireLimits.piecesMax} may be asked for`)
  }
  return request
}

/** Each piece has its path to the row's root; the row's path leads on to the blob's. */
export type PiecesReply = {
  readonly rowPath: Uint8Array
  readonly pieces: readonly { readonly piece: Uint8Array; readonly path: Uint8Array }[]
}

export function encodePiecesReply({ rowPath, pieces }: PiecesReply): {
  readonly meta: Uint8Array
  readonly bodyParts: readonly Uint8Array[]
} {
  const start = [Uint8Array.of(wireVersion), u16(rowPath.length), rowPath, u16(pieces.length)]
  const paths = pieces.flatMap(({ path }) => [u16(path.length), path])
  return { meta: concatBytes([...start, ...paths]), bodyParts: pieces.map(({ piece }) => piece) }
}

/** Reads a reply about a blob whose parameters the reader knows; `verifySample` checks pieces. */
export function decodePiecesReply(
  parameters: BlobParameters,
  meta: Uint8Array,
  body: Uint8Array,
): PiecesReply {
  const layout = layoutOf(parameters)
  const { rowPathBytesMax, piecePathBytesMax } = pathLimits(layout)
  const cursor = openMeta(meta)
  const rowPath = cursor.prefixed(rowPathBytesMax)
  const count = cursor.u16()
  if (count > Math.min(layout.stripes, wireLimits.piecesMax)) throw wireInvalid(`${count} pieces`)
  const paths = Array.from({ length: count }, () => cursor.prefixed(piecePathBytesMax))
  cursor.end()
  checkBody(body.length, count * layout.pieceBytes)
  const cut = piecesOf(body, layout.pieceBytes)
  const pieces = paths.map((path, i) => ({ path, piece: cut[i] ?? new Uint8Array(0) }))
  return { rowPath, pieces }
}
