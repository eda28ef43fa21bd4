import { concatBytes, encodeBase64Url } from '@heddle/protocol/base'
import {
  blobLevels,
  type Certificate,
  certificateCommitment,
  certificateToJson,
  commitBlob,
  encodeSegmentFrame,
  fingerprintsDigest,
  hashPieces,
  newLeafTable,
  piecePath,
  portableCommitment,
  type RowSegment,
  rowPath,
  segmentPathOf,
  segmentStripes,
} from '@heddle/protocol/certificate'
import type { FakeAnswer, SeenRequest } from '../fake-node.testing.ts'

const engine = portableCommitment.sha256
const shape = { k: 16, n: 48, hashId: 1 }

/** A blob encoded and committed to; `spoil` changes a stripe's rows before they are hashed. */
export function publishInMemory(
  blob: Uint8Array,
  spoil: (rows: Uint8Array, pieceBytes: number) => void = () => {},
) {
  const parameters = { ...shape, lengthBytes: blob.length }
  const table = newLeafTable(parameters)
  const { layout } = table
  const { k, n, pieceBytes, stripes, segments } = layout
  const made = Array.from({ length: stripes }, (_, stripe) => {
    const rows = new Uint8Array(n * pieceBytes)
    const dataBytes = k * pieceBytes
    rows.set(blob.subarray(stripe * dataBytes, (stripe + 1) * dataBytes))
    engine.erasure.encode(layout, rows.subarray(0, dataBytes), rows.subarray(dataBytes))
    spoil(rows, pieceBytes)
    hashPieces(engine, table, stripe, 0, rows)
    return rows
  })
  const levels = blobLevels(engine, table)
  const pieceOf = (row: number, stripe: number) =>
    (made[stripe] ?? new Uint8Array(0)).subarray(row * pieceBytes, (row + 1) * pieceBytes)
  const { root, fingerprints } = commitBlob(engine, parameters, levels, pieceOf)
  const certificate: Certificate = {
    parameters,
    root,
    zRoot: fingerprintsDigest(engine.hash, fingerprints),
    setId: new Uint8Array(32),
    epoch: 0,
    expiresAtSeconds: 0,
    members: 24,
    signers: [0],
    signature: new Uint8Array(96),
  }
  const segmentOf = (row: number, segment: number): RowSegment => {
    const { fromStripe, count } = segmentStripes(layout, segment)
    const pieces = Array.from({ length: count }, (_, at) => pieceOf(row, fromStripe + at))
    const path = piecePath(engine, table, row, fromStripe)
    const segmentPath = segmentPathOf(layout, segment, path)
    return { row, segment, rowPath: rowPath(engine, levels, row), segmentPath, pieces }
  }
  const commitment = encodeBase64Url(certificateCommitment(certificate))
  return { blob, layout, segments, certificate, commitment, fingerprints, segmentOf }
}

export type InMemoryBlob = ReturnType<typeof publishInMemory>

/** Frames of these rows of every segment. */
export function framesOf({ segments, segmentOf }: InMemoryBlob, rows: readonly number[]) {
  return Array.from({ length: segments }, (_, segment) =>
    rows.map((row) => segmentOf(row, segment)),
  )
    .flat()
    .map((segment) => concatBytes(encodeSegmentFrame(segment)))
}

/** Answers for one blob; `body` is what is sent as its rows. */
export function answerWith(
  { certificate, fingerprints }: InMemoryBlob,
  body: (request: SeenRequest) => readonly Uint8Array[],
): (request: SeenRequest) => FakeAnswer {
  return (request) => {
    if (request.path.startsWith('/da/certificates/')) return { ...certificateToJson(certificate) }
    if (request.path.startsWith('/da/fingerprints/')) {
      return new Response(new Uint8Array(fingerprints))
    }
    return new Response(new Uint8Array(concatBytes(body(request))))
  }
}
